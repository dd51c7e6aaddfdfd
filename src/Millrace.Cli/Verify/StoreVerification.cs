using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Gateways.Psp;
using Millrace.Simulation.Checkers;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Verify;

/// <summary>Runs all checkers over one store.</summary>
public static class StoreVerification
{
    /// <param name="isDrained">Nothing was under way when the server stopped: then nothing may be unfinished.</param>
    /// <exception cref="StoreRefusedException">The folder is no store, or a server has it open.</exception>
    public static async Task<CheckReport> RunAsync(string dataDirectory, Uri? psp, CancellationToken cancellation, bool isDrained = false)
    {
        if (!Directory.Exists(dataDirectory))
            throw new StoreRefusedException($"There is no data folder '{dataDirectory}'.");
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = dataDirectory });
        return await RunAsync(store, store, store.ReadAllAsync(cancellation), psp, isDrained, cancellation);
    }

    /// <summary>The same over a store's databases; nobody may serve from them meanwhile.</summary>
    /// <param name="shards">Beside the home one, by name; null for none.</param>
    public static async Task<CheckReport> RunPostgresAsync(
        string connectionString, Uri? psp, CancellationToken cancellation, bool isDrained = false, IReadOnlyDictionary<string, string>? shards = null)
    {
        var home = new PostgresStoreOptions { ConnectionString = connectionString, AllowUnsafeDurability = true };
        await using var store = await ShardedStore.OpenAsync(
            new ShardedStoreOptions { Home = home, Shards = shards ?? new Dictionary<string, string>(StringComparer.Ordinal) }, cancellation);
        var misplaced = await store.FindMisplacedAsync(cancellation);
        var report = await RunAsync(store, store, ReadAllAsync(store, cancellation), psp, isDrained, cancellation);
        foreach (var line in misplaced)
            report.Add(10, "store", line);
        return report;
    }

    private static async Task<CheckReport> RunAsync(
        IJournal log, IReadModel readModel, IAsyncEnumerable<PartitionBatch> batches, Uri? psp, bool isDrained, CancellationToken cancellation)
    {
        var report = new CheckReport();
        var journal = new JournalChecker(log.PartitionCount, report);
        try
        {
            await foreach (var batch in batches)
                journal.Take(batch);
            journal.Finish(isDrained);
            await CheckReadModelAsync(log.PartitionCount, readModel, journal, report, cancellation);
        }
        catch (Exception damage) when (damage is JournalCorruptException or PayloadException or InvalidDataException)
        {
            // What lies behind the damage cannot be judged; the damage itself is the finding.
            report.Add(8, "store", damage.Message);
            return report;
        }

        if (psp is not null)
            await CheckPspAsync(psp, journal, report, cancellation);
        return report;
    }

    // What the checker compares across partitions it compares at the end: their order among each other does not matter to it.
    private static async IAsyncEnumerable<PartitionBatch> ReadAllAsync(
        IJournal log, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            await foreach (var batch in log.ReadAsync(partition, 0, cancellation))
                yield return batch;
        }
    }

    private static async Task CheckReadModelAsync(
        int partitions, IReadModel store, JournalChecker journal, CheckReport report, CancellationToken cancellation)
    {
        var checker = new ReadModelChecker(journal, report);
        for (var partition = 0; partition < partitions; partition++)
        {
            var snapshot = await store.LoadPartitionAsync(partition, cancellation);
            checker.Begin(partition, snapshot.Seq);
            foreach (var row in snapshot.Stock)
                checker.Take(row);
        }

        OrderId? before = null;
        do
        {
            var page = await store.ListOrdersAsync(new OrderQuery(null, before, Limit: 1_000), cancellation);
            foreach (var row in page.Rows)
                checker.Take(row);
            before = page.Next;
        }
        while (before is not null);
        checker.Finish();
    }

    private static async Task CheckPspAsync(Uri psp, JournalChecker journal, CheckReport report, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var checker = new PspChecker(journal, report);
        await foreach (var record in new PspRecordReader(http).ReadAllAsync(psp, cancellation))
        {
            if (!record.IsDeclined)
                checker.Take(new PspFact(record.Kind, record.Reference, record.Id, record.Amount, record.Currency));
        }

        checker.Finish();
    }
}
