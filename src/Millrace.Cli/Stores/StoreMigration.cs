using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Stores;

/// <summary>
/// A SQLite store to PostgreSQL, partition by partition: the log is copied as it is, byte for byte, and the read model is made from it by the
/// engine, as recovery makes it. Can be run again after an interruption: it goes on behind what is there already.
/// </summary>
internal sealed class StoreMigration(SqliteStore from, PostgresStore to)
{
    private readonly PartitionMap _map = new(from.PartitionCount);

    /// <summary>Records that are replayed, and then checkpointed, at once.</summary>
    public int MostRecords { get; init; } = 20_000;

    /// <summary>Partitions that are done.</summary>
    public int Done { get; private set; }

    public async Task RunAsync(CancellationToken cancellation)
    {
        for (; Done < _map.Count; Done++)
        {
            // Raises the epoch there: a server that still believes to own the partition writes nothing more to the old store.
            var claim = await from.ClaimAsync(Done, "migration", cancellation);
            await to.ImportAsync(Done, claim, from.ReadAsync(Done, 0, cancellation), cancellation);
            if (claim.Seq > 0)
                await CheckpointAsync(Done, cancellation);
        }
    }

    // A piece at a time: what is replayed is in memory, and one statement writes it.
    private async Task CheckpointAsync(int partition, CancellationToken cancellation)
    {
        var claim = await to.ClaimAsync(partition, "migration", cancellation);
        while (await StepAsync(partition, claim, cancellation) < claim.Seq)
        {
        }

        await to.ReleaseAsync(partition, claim.Epoch, cancellation);
    }

    /// <returns>Up to where the read model is made.</returns>
    private async Task<long> StepAsync(int partition, JournalClaim claim, CancellationToken cancellation)
    {
        var snapshot = await to.LoadPartitionAsync(partition, cancellation);
        if (snapshot.Seq >= claim.Seq)
            return snapshot.Seq;
        var made = new Partition(partition, _map, new PartitionOptions { CheckpointEvery = TimeSpan.Zero }, claim);
        made.Restore(snapshot);
        var reached = claim;
        await foreach (var batch in to.ReadAsync(partition, snapshot.Seq, cancellation))
        {
            var records = RecordCodec.Read(batch.Payload);
            // What an earlier piece has ended and this one goes on with.
            foreach (var order in made.NeededFor(records).ToList())
            {
                made.RestoreCold(await to.FindOrderAsync(order, cancellation)
                    ?? throw new JournalCorruptException(partition, batch.FirstSeq, $"the log goes on with {order}, which is not in the database"));
            }

            made.Replay(batch, records);
            reached = claim with { Seq = batch.LastSeq, Chain = batch.Chain };
            if (batch.LastSeq - snapshot.Seq >= MostRecords)
                break;
        }

        made.Recovered(reached, nowMs: 0);
        // At the beginning of time nothing is due but the checkpoint. What is pending besides, the next owner derives again.
        made.Tick(nowMs: 0);
        var checkpoint = made.Outputs.Checkpoint ?? throw new InvalidOperationException($"Partition {partition} gives no checkpoint.");
        if (!await to.CheckpointAsync(checkpoint))
            throw new StoreRefusedException($"Somebody serves partition {partition} of the database already: stop the servers first.");
        return reached.Seq;
    }
}
