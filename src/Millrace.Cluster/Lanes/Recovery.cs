using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;

namespace Millrace.Cluster.Lanes;

/// <summary>Somebody else has claimed the partition meanwhile.</summary>
/// <param name="epoch">Of the claim that stands no more.</param>
internal sealed class OvertakenException(long epoch) : Exception("Another owner has claimed the partition.")
{
    public long Epoch { get; } = epoch;
}

/// <summary>A partition as its log has it, not yet serving.</summary>
/// <param name="Unfinished">What it has to go on with, as its checkpoint shows it.</param>
internal sealed record RecoveredPartition(Partition Partition, JournalClaim Claim, IReadOnlyList<OrderRow> Unfinished);

/// <summary>Claim first, durably; then the checkpoint; then the tail. Only then may the partition serve.</summary>
internal sealed class Recovery(IJournal journal, IReadModel readModel, PartitionMap map, PartitionOptions options, string owner)
{
    public async Task<RecoveredPartition> RunAsync(int id, CancellationToken cancellation)
    {
        var claim = await journal.ClaimAsync(id, owner, cancellation).ConfigureAwait(false);
        RecoveredPartition recovered;
        try
        {
            recovered = await ReadAsync(id, claim, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (journal.IsShared && failure is not (StoreUnavailableException or OperationCanceledException))
        {
            // What an owner that was overtaken reads need not make sense.
            await RequireCurrentAsync(id, claim, cancellation).ConfigureAwait(false);
            throw;
        }

        // Rows read at several moments are of one moment only while nobody else has claimed: see docs/adr/0006.
        if (journal.IsShared)
            await RequireCurrentAsync(id, claim, cancellation).ConfigureAwait(false);
        return recovered;
    }

    private async Task RequireCurrentAsync(int id, JournalClaim claim, CancellationToken cancellation)
    {
        var isCurrent = await journal.ConfirmAsync([(id, claim.Epoch)], cancellation).ConfigureAwait(false);
        if (!isCurrent[0])
            throw new OvertakenException(claim.Epoch);
    }

    private async Task<RecoveredPartition> ReadAsync(int id, JournalClaim claim, CancellationToken cancellation)
    {
        var partition = new Partition(id, map, options, claim);
        var snapshot = await readModel.LoadPartitionAsync(id, cancellation).ConfigureAwait(false);
        partition.Restore(snapshot);
        await foreach (var batch in journal.ReadAsync(id, snapshot.Seq, cancellation).ConfigureAwait(false))
        {
            // What stands behind the claim is another owner's, who has overtaken this one.
            if (batch.FirstSeq > claim.Seq)
                break;
            var records = RecordCodec.Read(batch.Payload);
            foreach (var order in partition.NeededFor(records).ToList())
            {
                var row = await readModel.FindOrderAsync(order, cancellation).ConfigureAwait(false)
                    ?? throw new JournalCorruptException(id, batch.FirstSeq, $"the tail goes on with {order}, which no checkpoint has");
                partition.RestoreCold(row);
            }

            partition.Replay(batch, records);
        }

        // Judged here: on the lane its other partitions would wait for it.
        return new RecoveredPartition(partition, claim, [.. snapshot.DueOrders.Where(static row => Backlog.ShouldMove(row))]);
    }
}
