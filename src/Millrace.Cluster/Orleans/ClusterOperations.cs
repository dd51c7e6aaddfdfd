using System.Globalization;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;

namespace Millrace.Cluster.Orleans;

/// <param name="Name">As its operator called it.</param>
/// <param name="Address">Where the other nodes reach it.</param>
/// <param name="Status">Of the membership: active, joining, shutting_down, dead …</param>
/// <param name="IsDrained">It shall own nothing.</param>
/// <param name="Partitions">How many it owns, as far as the asked node knows.</param>
/// <param name="Version">What it runs; null when it does not say.</param>
public sealed record NodeStatus(string Name, string Address, string Status, bool IsDrained, int Partitions, string? Version);

/// <param name="Partition">Its number.</param>
/// <param name="Node">The owner's name; null while it moves.</param>
/// <param name="State">serving, stalled, recovering, halted …; of another node's it is only known that it serves.</param>
public sealed record PartitionStatus(int Partition, string? Node, string State);

public enum DrainOutcome
{
    Done = 1,
    NoSuchNode = 2,

    /// <summary>Nobody would be left to own partitions.</summary>
    LastNode = 3,
}

/// <summary>The cluster as one node sees it, and what an operator may change of it.</summary>
public sealed class ClusterOperations
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly PartitionRuntime _runtime;
    private readonly IClusterMembershipService _members;
    private readonly IGrainFactory _grains;
    private readonly ClusterSettings? _settings;
    private readonly Drained _drained;
    private readonly AuditLog _audit;
    private readonly NodeVersions _versions;

    internal ClusterOperations(
        PartitionRuntime runtime, IClusterMembershipService members, IGrainFactory grains, ClusterSettings? settings, Drained drained, AuditLog audit, NodeVersions versions) =>
        (_runtime, _members, _grains, _settings, _drained, _audit, _versions) = (runtime, members, grains, settings, drained, audit, versions);

    /// <summary>Whether there is anything to change: one node on its own has nobody to give its partitions to.</summary>
    public bool IsCluster => _settings is not null;

    /// <summary>The payload format that owners write, as this node's claims learned it.</summary>
    public int Format => _runtime.Format;

    /// <summary>How many nodes serve, this one among them.</summary>
    public int LivingNodes => _members.CurrentSnapshot.Members.Values.Count(m => m.Status == SiloStatus.Active);

    /// <summary>The living, and those that died lately.</summary>
    public async Task<IReadOnlyList<NodeStatus>> NodesAsync(CancellationToken cancellation)
    {
        var owners = Partitions().Where(p => p.Node is not null).CountBy(p => p.Node!).ToDictionary(StringComparer.Ordinal);
        var all = _members.CurrentSnapshot.Members.Values;
        var shown = all.Where(m => m.Status != SiloStatus.Dead || !all.Any(other => other.Name == m.Name && other.SiloAddress.Generation > m.SiloAddress.Generation))
            .OrderBy(m => m.Name, StringComparer.Ordinal).ToList();
        var versions = await _versions.ReadAsync(cancellation);
        return [.. shown.Select(m => new NodeStatus(
            m.Name, m.SiloAddress.Endpoint.ToString(), Words(m.Status.ToString()), _drained.Names.Contains(m.Name),
            m.Status == SiloStatus.Active ? owners.GetValueOrDefault(m.Name) : 0, versions.GetValueOrDefault(NodeVersions.KeyOf(m.SiloAddress))))];
    }

    public IReadOnlyList<PartitionStatus> Partitions() =>
    [
        .. _runtime.States.Select((state, partition) => _runtime.Peers?.Owners[partition] is { } owner
            ? new PartitionStatus(partition, NodePlacement.PersonalNameOf(owner), owner == _runtime.Peers.Self ? Words(state.ToString()) : "serving")
            : new PartitionStatus(partition, null, "moving")),
    ];

    /// <summary>Takes the partitions from a node and gives it no more, or ends that. The node goes on to answer, through the owners.</summary>
    public async Task<DrainOutcome> SetDrainedAsync(string node, bool isDrained, Actor actor, CancellationToken cancellation)
    {
        // A node that is away is let in again, but not shut out: the name is probably mistyped.
        if (isDrained && !_members.CurrentSnapshot.Members.Values.Any(m => m.Name == node && m.Status == SiloStatus.Active))
            return DrainOutcome.NoSuchNode;
        var outcome = DrainOutcome.Done;
        await _audit.AddAsync(() =>
        {
            // On all that was added before: another may have just been drained, through another node.
            outcome = isDrained && IsLast(node) ? DrainOutcome.LastNode : DrainOutcome.Done;
            return outcome == DrainOutcome.LastNode || _drained.Names.Contains(node) == isDrained ? null : new AuditDraft(actor, null, Drained.ActionFor(isDrained), node);
        }, cancellation);
        return outcome;
    }

    /// <summary>Lets owners write the newest payload format that all living nodes can read; they claim their partitions again for it, a few at a time.</summary>
    /// <returns>The format that holds now, and the nodes that keep it from being raised further or did not answer.</returns>
    public async Task<(int Format, IReadOnlyList<string> Behind)> RaiseFormatAsync(Actor actor, CancellationToken cancellation)
    {
        var living = _members.CurrentSnapshot.Members.Values.Where(m => m.Status is SiloStatus.Active or SiloStatus.Joining).ToList();
        var formats = await Task.WhenAll(living.Select(m => AskAsync(NodePlacement.NameOf(m.Name, m.SiloAddress), cancellation)));
        var common = formats.Min();
        var behind = living.Where((_, i) => formats[i] < PayloadFormat.Newest).Select(m => m.Name).ToList();
        // Before it is done: it may be recorded and then fail, but not be done unseen.
        if (common > Format)
            await _audit.AddAsync(() => new AuditDraft(actor, null, "format.raised", common.ToString(CultureInfo.InvariantCulture)), cancellation);
        var raised = await _settings!.RaiseFormat(common, cancellation);
        var told = await Task.WhenAll(living.Select(m => TellAsync(NodePlacement.NameOf(m.Name, m.SiloAddress), raised, cancellation)));
        behind.AddRange(living.Where((_, i) => !told[i]).Select(m => m.Name));
        return (raised, [.. behind.Distinct(StringComparer.Ordinal)]);
    }

    private bool IsLast(string node) =>
        !_members.CurrentSnapshot.Members.Values.Any(m => m.Name != node && m.Status == SiloStatus.Active && !_drained.Names.Contains(m.Name));

    // One that is not told goes on with the earlier format until it is, or claims something.
    private async Task<bool> TellAsync(string node, int format, CancellationToken cancellation)
    {
        try
        {
            await _grains.GetGrain<INodeGrain>(node).LearnFormatAsync(format).WaitAsync(Patience, cancellation);
            return true;
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException)
        {
            return false;
        }
    }

    // A node that cannot be asked may be of any version.
    private async Task<int> AskAsync(string node, CancellationToken cancellation)
    {
        try
        {
            return await _grains.GetGrain<INodeGrain>(node).NewestFormatAsync().WaitAsync(Patience, cancellation);
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException)
        {
            return PayloadFormat.Oldest;
        }
    }

    private static string Words(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
