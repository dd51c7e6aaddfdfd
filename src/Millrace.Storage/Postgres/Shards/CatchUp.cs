using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>
/// Brings the target's checkpoint up to a later place of the log, by the engine itself, as recovery does it: which orders, names and stock a piece of the
/// log touches, the engine alone knows. What is left for the new owner to replay is short.
/// </summary>
internal sealed class CatchUp(PostgresStore target, MoveRecord move)
{
    // What a checkpoint holds at once, in memory and in a statement.
    private const int MostRecords = 20_000;
    private readonly PartitionMap _map = new(target.PartitionCount);

    /// <summary>No owner's epoch is below zero, so nobody else's checkpoint fits, not even that of an earlier attempt.</summary>
    public static long EpochOf(MoveRecord move) => -move.Attempt;

    public async Task RunAsync((long Seq, UInt128 Chain) end, CancellationToken cancellation)
    {
        while (await StepAsync(end, cancellation).ConfigureAwait(false) < end.Seq)
        {
        }
    }

    private async Task<long> StepAsync((long Seq, UInt128 Chain) end, CancellationToken cancellation)
    {
        var snapshot = await target.LoadPartitionAsync(move.Partition, cancellation).ConfigureAwait(false);
        if (snapshot.Seq >= end.Seq)
            return snapshot.Seq;
        var claim = new JournalClaim(EpochOf(move), snapshot.Seq, default, PayloadFormat.Newest);
        var partition = new Partition(move.Partition, _map, new PartitionOptions { CheckpointEvery = TimeSpan.Zero }, claim);
        partition.Restore(snapshot);
        await foreach (var batch in target.ReadAsync(move.Partition, snapshot.Seq, end, cancellation).ConfigureAwait(false))
        {
            var records = RecordCodec.Read(batch.Payload);
            foreach (var order in partition.NeededFor(records).ToList())
            {
                partition.RestoreCold(await target.FindOrderAsync(order, cancellation).ConfigureAwait(false)
                    ?? throw new JournalCorruptException(move.Partition, batch.FirstSeq, $"the log goes on with {order}, which was not copied"));
            }

            partition.Replay(batch, records);
            claim = claim with { Seq = batch.LastSeq, Chain = batch.Chain };
            if (claim.Seq - snapshot.Seq >= MostRecords)
                break;
        }

        partition.Recovered(claim, nowMs: 0);
        // At the beginning of time nothing is due but the checkpoint; what is pending besides, the next owner derives.
        partition.Tick(nowMs: 0);
        var checkpoint = partition.Outputs.Checkpoint ?? throw new InvalidOperationException($"Partition {move.Partition} gives no checkpoint.");
        if (!await target.CheckpointAsync(checkpoint).ConfigureAwait(false))
            throw move.TakenOver();
        return claim.Seq;
    }
}
