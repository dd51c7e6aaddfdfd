using System.Collections.Immutable;
using System.Net;
using Millrace.Cluster.Administration;
using Millrace.Cluster.Orleans;
using Millrace.Domain.Orders;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>Taking the partitions from nodes, asked of several of them.</summary>
public sealed class DrainTests : IDisposable
{
    private static readonly Actor Ada = new(ActorKind.Operator, "ada");
    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _open = [];

    public void Dispose()
    {
        foreach (var open in Enumerable.Reverse(_open))
            open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_last_node_is_not_drained_also_where_it_is_not_known_yet_that_the_other_was()
    {
        var (one, other) = (Node(), Node());
        Assert.Equal(DrainOutcome.Done, await one.SetDrainedAsync("a", true, Ada, CancellationToken.None));
        Assert.Equal(DrainOutcome.LastNode, await other.SetDrainedAsync("b", true, Ada, CancellationToken.None));
        // It is again, and may be once the other is back.
        Assert.Equal(DrainOutcome.Done, await other.SetDrainedAsync("a", true, Ada, CancellationToken.None));
        Assert.Equal(DrainOutcome.Done, await one.SetDrainedAsync("a", false, Ada, CancellationToken.None));
        Assert.Equal(DrainOutcome.Done, await other.SetDrainedAsync("b", true, Ada, CancellationToken.None));
    }

    // As each node knows it: with a log that it has not read yet.
    private ClusterOperations Node()
    {
        var store = SqliteAdministration.Open(_folder.Path);
        var audit = new AuditLog(store, TimeProvider.System);
        _open.AddRange([store, audit]);
        var members = new Members();
        var drained = new Drained(members);
        audit.Add(drained);
        return new ClusterOperations(null!, members, null!, null, drained, audit, null!);
    }

    /// <summary>Two nodes, both alive.</summary>
    private sealed class Members : IClusterMembershipService
    {
        public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
            new[] { "a", "b" }.Select((name, i) => new ClusterMember(SiloAddress.New(IPAddress.Loopback, 1_000 + i, 1), SiloStatus.Active, name)).ToImmutableDictionary(member => member.SiloAddress),
            new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}
