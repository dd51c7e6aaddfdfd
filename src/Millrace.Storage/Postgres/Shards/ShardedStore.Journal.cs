using System.Diagnostics;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Each call goes to the database of its partition; one that concerns several databases asks them at the same time.</summary>
public sealed partial class ShardedStore
{
    // While a partition is on its way it is nowhere, for tens of milliseconds: a claim waits for it, and looks again.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(2);

    public int WriterOf(int partition) => Volatile.Read(ref _claimed[partition]);

    public async ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation)
    {
        RequirePartition(partition);
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(LookEvery, cancellation).ConfigureAwait(false))
        {
            var shard = WriterOf(partition);
            var store = await OpenAsync(shard, cancellation).ConfigureAwait(false);
            if (await store.TryClaimAsync(partition, owner, cancellation).ConfigureAwait(false) is { } claim)
                return claim;
            var place = (await ReadPlacesAsync(cancellation).ConfigureAwait(false)).Shards[partition];
            var next = IndexOf(place);
            if (next < 0)
                throw new StoreUnavailableException(NotGiven(partition, place));
            Volatile.Write(ref _claimed[partition], next);
            if (watch.Elapsed <= LookFor)
                continue;
            // Whoever moved it was killed in the middle, or is slower than it should be: it is brought to its end from here.
            if (await MoveRecord.TakeOverAsync(Home.Moves, partition, cancellation).ConfigureAwait(false) is not { } move)
                throw new StoreUnavailableException($"Partition {partition} is in no database that was given.");
            await ArriveAsync(move, cancellation).ConfigureAwait(false);
            watch.Restart();
        }
    }

    /// <summary>A group of one writer is one commit. One of several is a commit in each: where they do not end alike, the whole group counts as ambiguous.</summary>
    public ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        foreach (var batch in group)
            RequirePartition(batch.Partition);
        var first = group.Count == 0 ? 0 : WriterOf(group[0].Partition);
        foreach (var batch in group)
        {
            if (WriterOf(batch.Partition) != first)
                return new ValueTask<AppendOutcome[]>(AppendApartAsync(group));
        }

        return _shards[first].Store.AppendAsync(group);
    }

    public async ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var current = new bool[claims.Count];
        await Task.WhenAll(Apart(claims, claim => claim.Partition).Select(async part =>
        {
            var answers = await _shards[part.Shard].Store.ConfirmAsync([.. part.Places.Select(i => claims[i])], cancellation).ConfigureAwait(false);
            for (var i = 0; i < answers.Length; i++)
                current[part.Places[i]] = answers[i];
        })).ConfigureAwait(false);
        return current;
    }

    public async ValueTask<bool> HasMovedAsync(int partition, long epoch, CancellationToken cancellation) =>
        await _shards[WriterOf(partition)].Store.HasDepartedAsync(partition, epoch, cancellation).ConfigureAwait(false);

    public ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation)
    {
        RequirePartition(partition);
        return _shards[WriterOf(partition)].Store.ReleaseAsync(partition, epoch, cancellation);
    }

    public async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        RequirePartition(partition);
        var store = await OpenAsync(WriterOf(partition), cancellation).ConfigureAwait(false);
        await foreach (var batch in store.ReadAsync(partition, afterSeq, cancellation).ConfigureAwait(false))
            yield return batch;
    }

    private async Task<AppendOutcome[]> AppendApartAsync(IReadOnlyList<PartitionBatch> group)
    {
        var outcomes = new AppendOutcome[group.Count];
        var failures = new List<Exception>();
        var parts = Apart(group, batch => batch.Partition).ToList();
        await Task.WhenAll(parts.Select(async part =>
        {
            try
            {
                var written = await _shards[part.Shard].Store.AppendAsync([.. part.Places.Select(i => group[i])]).ConfigureAwait(false);
                for (var i = 0; i < written.Length; i++)
                    outcomes[part.Places[i]] = written[i];
            }
            catch (Exception failure) when (failure is StoreUnavailableException or AmbiguousCommitException)
            {
                lock (failures)
                    failures.Add(failure);
            }
        })).ConfigureAwait(false);
        if (failures.Count == 0)
            return outcomes;
        if (failures.Count == parts.Count && failures.TrueForAll(failure => failure is StoreUnavailableException))
            throw new StoreUnavailableException(failures[0].Message, failures[0]);
        throw new AmbiguousCommitException("A part of the group may be durable.", failures[0]);
    }

    private IEnumerable<(int Shard, int[] Places)> Apart<T>(IReadOnlyList<T> items, Func<T, int> partition) =>
        Enumerable.Range(0, items.Count).GroupBy(i => WriterOf(partition(items[i]))).Select(part => (part.Key, part.ToArray()));

    // What is not the database that it should be is as good as away, for a node that serves others.
    private async ValueTask<PostgresStore> OpenAsync(int shard, CancellationToken cancellation)
    {
        try
        {
            return await _shards[shard].OpenAsync(cancellation).ConfigureAwait(false);
        }
        catch (StoreRefusedException refused)
        {
            throw new StoreUnavailableException(refused.Message, refused);
        }
    }

    private void RequirePartition(int partition)
    {
        if ((uint)partition >= (uint)PartitionCount)
            throw new ArgumentOutOfRangeException(nameof(partition), partition, $"The store has {PartitionCount} partitions.");
    }
}
