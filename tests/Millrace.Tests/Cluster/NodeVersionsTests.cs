using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster.Orleans;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>What nodes note of the version that they run.</summary>
public sealed class NodeVersionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteAdministration _records;

    public NodeVersionsTests() => _records = SqliteAdministration.Open(_folder.Path);

    public void Dispose()
    {
        _records.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Each_life_of_a_node_notes_its_own_and_removes_what_the_dead_left()
    {
        // More than a page of them.
        for (var life = 0; life < 250; life++)
            await Of(_records, $"a@{life:D3}", [.. Enumerable.Range(0, 250).Select(l => $"a@{l:D3}")]).StartAsync(default);
        var versions = Of(_records, "b@1", ["a@249", "b@1"]);
        Assert.Equal(250, (await versions.ReadAsync(default)).Count);
        await versions.StartAsync(default);
        Assert.Equal([("a@249", NodeVersions.Own), ("b@1", NodeVersions.Own)], (await versions.ReadAsync(default)).Select(one => (one.Key, one.Value)).Order());
        Assert.NotEqual("unknown", NodeVersions.Own);
    }

    [Fact]
    public async Task While_the_store_is_away_a_node_starts_and_none_is_known()
    {
        var versions = Of(new AwayRecords(), "a@1", ["a@1"]);
        await versions.StartAsync(default);
        Assert.Empty(await versions.ReadAsync(default));
    }

    private static NodeVersions Of(IRecords records, string self, string[] living) =>
        new(records, () => self, () => living.ToHashSet(StringComparer.Ordinal), NullLogger<NodeVersions>.Instance);

    private sealed class AwayRecords : IRecords
    {
        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation) => throw new StoreUnavailableException("away");

        public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation) => throw new StoreUnavailableException("away");

        public ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation) => throw new StoreUnavailableException("away");

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) => throw new StoreUnavailableException("away");
    }
}
