using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Gateways.Psp;
using Millrace.Simulation.Checkers;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Verify;

/// <summary>Runs all checkers over one store.</summary>
public static class StoreVerification
{
    /// <exception cref="StoreRefusedException">The folder is no store, or a server has it open.</exception>
    public static async Task<CheckReport> RunAsync(string dataDirectory, Uri? psp, CancellationToken cancellation)
    {
        if (!Directory.Exists(dataDirectory))
            throw new StoreRefusedException($"There is no data folder '{dataDirectory}'.");
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = dataDirectory });
        var report = new CheckReport();
        var journal = new JournalChecker(store.PartitionCount, report);
        try
        {
            await foreach (var batch in store.ReadAllAsync(cancellation))
                journal.Take(batch);
            journal.Finish();
            var checkpoints = new Dictionary<int, long>();
            for (var partition = 0; partition < store.PartitionCount; partition++)
                checkpoints.Add(partition, (await store.LoadPartitionAsync(partition, cancellation)).Seq);
            await ReadModelChecker.CheckAsync(store, journal, checkpoints, report, cancellation);
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
