using System.Runtime.CompilerServices;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;

namespace Millrace.Storage.Memory;

/// <summary>
/// The contracts of a store over a <see cref="MemoryDisk"/>, for tests and simulations. Completes synchronously, starts no
/// threads, and is thread-safe. Closing it is the death of a process: open another over the same disk to go on.
/// </summary>
public sealed partial class MemoryStore(MemoryDisk disk) : IJournal, IReadModel, IStockPages, IAsyncDisposable
{
    private volatile bool _closed;

    /// <summary>Asked before every write what shall become of it. Default: nothing fails. Called under the disk's lock.</summary>
    public Func<MemoryWrite, MemoryFault> Fault { get; set; } = static _ => MemoryFault.None;

    public int PartitionCount => disk.PartitionCount;

    public bool IsShared => true;

    public ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(owner);
        lock (disk.Gate)
        {
            var target = Partition(partition);
            var fault = Before(MemoryWrite.Claim);
            target.Epoch++;
            target.Released = false;
            After(fault);
            target.MustClaim = false;
            return ValueTask.FromResult(new JournalClaim(target.Epoch, target.Seq, target.Chain, PayloadFormat.Newest));
        }
    }

    public ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        foreach (var batch in group)
        {
            if (batch.LastSeq < batch.FirstSeq || !batch.IsIntact())
                throw new ArgumentException($"Batch {batch.BatchId} does not carry the chain of its content.", nameof(group));
        }

        lock (disk.Gate)
        {
            var fault = Ask(MemoryWrite.Append);
            if (fault == MemoryFault.Unavailable)
                throw new StoreUnavailableException("injected fault");
            var outcomes = new AppendOutcome[group.Count];
            for (var i = 0; i < outcomes.Length; i++)
                outcomes[i] = Append(group[i], keep: fault != MemoryFault.AmbiguousLost);
            if (fault != MemoryFault.None)
                Doubt(group, outcomes);
            return ValueTask.FromResult(outcomes);
        }
    }

    public async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, [EnumeratorCancellation] CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(afterSeq);
        PartitionBatch[] batches;
        lock (disk.Gate)
            batches = [.. Partition(partition).Batches.SkipWhile(batch => batch.LastSeq <= afterSeq)];
        foreach (var batch in batches)
        {
            if (!batch.IsIntact())
                throw new JournalCorruptException(partition, batch.FirstSeq, "the batch fails its checksum");
            if (batch.FirstSeq > afterSeq)
                yield return batch;
        }

        // The port is asynchronous, memory is not.
        await ValueTask.CompletedTask;
    }

    public ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(claims);
        if (_closed)
            throw new StoreUnavailableException("The store is closed.");
        // Without the lock, which a commit holds while it is made to fail.
        return ValueTask.FromResult(claims.Select(claim => Partition(claim.Partition).Epoch == claim.Epoch).ToArray());
    }

    public ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (disk.Gate)
        {
            var target = Partition(partition);
            if (target.Epoch == epoch)
            {
                var fault = Before(MemoryWrite.Release);
                target.Released = true;
                After(fault);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _closed = true;
        return ValueTask.CompletedTask;
    }

    private AppendOutcome Append(PartitionBatch batch, bool keep)
    {
        var target = Partition(batch.Partition);
        if (!target.Accepts(batch.Epoch) || batch.FirstSeq != target.Seq + 1 || batch.PreviousChain != target.Chain)
            return AppendOutcome.Fenced;

        // The caller may use its buffer again.
        if (keep)
            target.Batches.Add(batch with { Payload = batch.Payload.ToArray() });
        return AppendOutcome.Appended;
    }

    private void Doubt(IReadOnlyList<PartitionBatch> group, AppendOutcome[] outcomes)
    {
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] == AppendOutcome.Appended)
                Partition(group[i].Partition).MustClaim = true;
        }

        throw new AmbiguousCommitException("injected fault");
    }

    // A claim, checkpoint or release in doubt is simply made again, so the caller is told no more than that.
    private MemoryFault Before(MemoryWrite write)
    {
        var fault = Ask(write);
        return fault is MemoryFault.Unavailable or MemoryFault.AmbiguousLost
            ? throw new StoreUnavailableException("injected fault")
            : fault;
    }

    private static void After(MemoryFault fault)
    {
        if (fault == MemoryFault.AmbiguousDurable)
            throw new StoreUnavailableException("injected fault");
    }

    private MemoryFault Ask(MemoryWrite write) =>
        _closed ? throw new StoreUnavailableException("The store is closed.") : Fault(write);

    private MemoryDisk.Partition Partition(int partition) => (uint)partition < (uint)disk.PartitionCount
        ? disk.Partitions[partition]
        : throw new ArgumentOutOfRangeException(nameof(partition), partition, $"The store has {disk.PartitionCount} partitions.");
}
