namespace Millrace.Engine.Journal;

/// <summary>What a claim found: the position from which the new owner goes on.</summary>
/// <param name="Epoch">The new owner's epoch, above every earlier one.</param>
/// <param name="Seq">Last durable sequence; 0 in a new store.</param>
/// <param name="Chain">Chain value at <paramref name="Seq"/>; zero in a new store.</param>
/// <param name="Format">The payload format that the store's owners write; see <see cref="Codec.PayloadFormat"/>.</param>
public readonly record struct JournalClaim(long Epoch, long Seq, UInt128 Chain, int Format);

public enum AppendOutcome
{
    /// <summary>Durable.</summary>
    Appended = 1,

    /// <summary>Epoch or sequence did not match: another owner has claimed the partition. Nothing was written for it.</summary>
    Fenced = 2,
}

/// <summary>
/// The durable log of all partitions of a store. Safety rests on <see cref="AppendAsync"/> alone: whoever believes to
/// own a partition, only batches whose (epoch, first sequence, chain) continue the durable head are written.
/// Calls for different partitions may come from any thread; appends are made by one writer at a time.
/// </summary>
public interface IJournal
{
    /// <summary>The number of partitions, fixed when the store was created.</summary>
    int PartitionCount { get; }

    /// <summary>Whether another process may claim what this one owns.</summary>
    bool IsShared { get; }

    /// <summary>How many databases hold the log. Each commits by itself: one that is slow or away holds up its own partitions only.</summary>
    int WriterCount => 1;

    /// <summary>Which of them, from 0, the partition was claimed in last. The batches of a group that is to be one commit are of one.</summary>
    int WriterOf(int partition) => 0;

    /// <summary>Raises the partition's epoch and returns only after that is durable: the claim's commit is the barrier
    /// that makes what is read afterwards final.</summary>
    /// <exception cref="StoreUnavailableException">The claim is not known to have been made; claim again.</exception>
    ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation);

    /// <summary>Appends the group in one durable commit. The result has one entry a batch, in order; a fenced batch
    /// does not fail its neighbours. Cannot be cancelled: a cancelled commit is an ambiguous one. The payloads are the caller's again
    /// when it returns: whoever keeps one copies it.</summary>
    /// <exception cref="StoreUnavailableException">Nothing of the group is durable, and nothing will become so.</exception>
    /// <exception cref="AmbiguousCommitException">The group may or may not be durable: claim again and read the tail.</exception>
    ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group);

    /// <summary>The batches of a partition with <c>FirstSeq &gt; afterSeq</c>, in order, each checked against its
    /// checksum and chain.</summary>
    /// <exception cref="JournalCorruptException">A batch is damaged, missing, out of order or does not chain.</exception>
    IAsyncEnumerable<PartitionBatch> ReadAsync(int partition, long afterSeq, CancellationToken cancellation);

    /// <summary>Whether each claim is still the partition's last. An owner that was overtaken writes nothing, but it would go on to answer from
    /// what it remembers: so it asks before it gives an answer that no commit of its own proves.</summary>
    /// <returns>One a claim, in order.</returns>
    /// <exception cref="StoreUnavailableException">It cannot be known now.</exception>
    ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation);

    /// <summary>Whether a claim that stands no more was ended by no other owner, but because the partition leaves its database for another: whoever had
    /// it claims it again, and finds it there.</summary>
    ValueTask<bool> HasMovedAsync(int partition, long epoch, CancellationToken cancellation) => ValueTask.FromResult(false);

    /// <summary>Notes that the owner stopped in good order. Does nothing when the epoch is no longer current.</summary>
    ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation);
}
