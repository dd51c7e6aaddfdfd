using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Stores;

/// <summary>
/// A SQLite store to PostgreSQL, partition by partition: the log is copied as it is, byte for byte, and the read model is made from it by the
/// engine, as recovery makes it. Can be run again after an interruption; what is there already is left alone.
/// </summary>
internal sealed class StoreMigration(SqliteStore from, PostgresStore to)
{
    private readonly PartitionMap _map = new(from.PartitionCount);

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

    private async Task CheckpointAsync(int partition, CancellationToken cancellation)
    {
        var claim = await to.ClaimAsync(partition, "migration", cancellation);
        var made = new Partition(partition, _map, new PartitionOptions { CheckpointEvery = TimeSpan.Zero }, claim);
        made.Restore(new PartitionSnapshot(0, ReadOnlyMemory<byte>.Empty, [], []));
        await foreach (var batch in to.ReadAsync(partition, 0, cancellation))
            made.Replay(batch, RecordCodec.Read(batch.Payload));
        made.Recovered(claim, nowMs: 0);
        // At the beginning of time nothing is due but the checkpoint. What is pending besides, the next owner derives again.
        made.Tick(nowMs: 0);
        var checkpoint = made.Outputs.Checkpoint ?? throw new InvalidOperationException($"Partition {partition} gives no checkpoint.");
        if (!await to.CheckpointAsync(checkpoint))
            throw new StoreRefusedException($"Somebody serves partition {partition} of the database already: stop the servers first.");
        await to.ReleaseAsync(partition, claim.Epoch, cancellation);
    }
}
