using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Each partition's log is followed in the database that it was seen in last.</summary>
public sealed partial class ShardedStore : IJournalFeed
{
    private volatile int[] _followed = [];

    public int LogCount => PartitionCount;

    public async ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
    {
        var found = await Task.WhenAll(Enumerable.Range(0, _shards.Length).Select(async shard =>
        {
            var store = await OpenAsync(shard, cancellation).ConfigureAwait(false);
            return await store.ReadBoundsAsync(cancellation).ConfigureAwait(false);
        })).ConfigureAwait(false);
        var (bounds, places) = (new LogBounds[PartitionCount], new int[PartitionCount]);
        Array.Fill(bounds, LogBounds.Away);
        for (var shard = 0; shard < found.Length; shard++)
        {
            for (var partition = 0; partition < bounds.Length; partition++)
            {
                if (found[shard][partition].End > bounds[partition].End)
                    (bounds[partition], places[partition]) = (found[shard][partition], shard);
            }
        }

        _followed = places;
        return bounds;
    }

    public async IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        RequirePartition(log);
        var store = await OpenAsync(_followed[log], cancellation).ConfigureAwait(false);
        await foreach (var entry in store.ReadLogAsync(log, after, end, cancellation).ConfigureAwait(false))
            yield return entry;
    }
}
