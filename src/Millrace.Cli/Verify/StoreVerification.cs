using System.Net.Sockets;
using System.Text.Json;
using Millrace.Cli.Auditing;
using Millrace.Cli.Psp;
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
    /// <param name="mayUpgrade">False refuses a store of an earlier version.</param>
    /// <param name="pspAway">Told why the PSP's record was not read to its end; the store is judged all the same. Null for an exception.</param>
    /// <exception cref="StoreRefusedException">The folder is no store, or a server has it open.</exception>
    public static async Task<CheckReport> RunAsync(string dataDirectory, Uri? psp, CancellationToken cancellation, bool isDrained = false, bool mayUpgrade = true, Action<string>? pspAway = null)
    {
        if (!Directory.Exists(dataDirectory))
            throw new StoreRefusedException($"There is no data folder '{dataDirectory}'.");
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = dataDirectory, MayUpgrade = mayUpgrade });
        return await RunAsync(store, store, store.ReadAllAsync(cancellation), psp, isDrained, pspAway, cancellation);
    }

    /// <summary>The same over a store's databases; nobody may serve from them meanwhile.</summary>
    /// <exception cref="StoreRefusedException">It cannot be opened, or it was written to.</exception>
    /// <param name="shards">Beside the home one, by name; null for none.</param>
    /// <param name="archive">Where the first days of the journal are, if they were archived.</param>
    /// <param name="tell">Told what cannot be checked without them. Null refuses to check less than everything.</param>
    /// <param name="pspAway">As for a folder.</param>
    public static async Task<CheckReport> RunPostgresAsync(
        string connectionString, Uri? psp, CancellationToken cancellation, bool isDrained = false, IReadOnlyDictionary<string, string>? shards = null,
        string? archive = null, Action<string>? tell = null, Action<string>? pspAway = null)
    {
        var home = new PostgresStoreOptions { ConnectionString = connectionString, MayMake = false, AllowUnsafeDurability = true, Archive = archive };
        await using var store = await ShardedStore.OpenAsync(
            new ShardedStoreOptions { Home = home, MayMakeShards = false, Shards = shards ?? new Dictionary<string, string>(StringComparer.Ordinal) }, cancellation);
        if (archive is not null && !Directory.Exists(archive))
            throw new StoreRefusedException($"There is no folder '{archive}'.");
        await store.RequireArchiveAsync(cancellation);
        var heads = await store.ReadHeadsAsync(cancellation);
        var misplaced = await store.FindMisplacedAsync(cancellation);
        var starts = await store.ReadArchivedAsync(cancellation);
        CheckReport report;
        if (starts.Count > 0 && archive is null)
        {
            if (tell is null || psp is not null)
                throw new StoreRefusedException("The first days of the journal are archived, and this needs them: --archive names their folder.");
            report = await RunKeptAsync(store, starts, tell, cancellation);
        }
        else
        {
            report = await RunAsync(store, store, ReadAllAsync(store, archive, starts, cancellation), psp, isDrained, pspAway, cancellation);
        }

        // Journal and read model are read one after the other: what was written in between would look like a violation.
        var moved = (await store.ReadHeadsAsync(cancellation)).Count(head => !heads.TryGetValue(head.Key, out var before) || before != head.Value);
        if (moved > 0)
            throw new StoreRefusedException($"The store is served: {moved} of its partitions have moved on meanwhile. Stop its nodes, and verify it then.");
        foreach (var line in misplaced)
            report.Add(10, "store", line);
        await foreach (var (folder, isWhole) in store.VerifyArchiveAsync(cancellation))
        {
            if (!isWhole)
                report.Add(8, folder, "is not as it was written: lists that are read from it may have holes");
        }

        return report;
    }

    private static async Task<CheckReport> RunAsync(
        IJournal log, IReadModel readModel, IAsyncEnumerable<PartitionBatch> batches, Uri? psp, bool isDrained, Action<string>? pspAway, CancellationToken cancellation)
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
        catch (Exception damage) when (IsDamage(damage))
        {
            // What lies behind the damage cannot be judged; the damage itself is the finding.
            report.Add(8, "store", damage.Message);
            return report;
        }

        if (psp is null)
            return report;
        try
        {
            await CheckPspAsync(psp, journal, report, cancellation);
        }
        catch (Exception away) when (pspAway is not null && !cancellation.IsCancellationRequested
            && away is HttpRequestException or SocketException or IOException or JsonException or OperationCanceledException)
        {
            pspAway($"the PSP's record cannot be read: {away.Message}");
        }

        return report;
    }

    private static bool IsDamage(Exception fault) => fault is JournalCorruptException or PayloadException || Sweep.IsDamage(fault);

    // What the checker compares across partitions it compares at the end: their order among each other does not matter to it.
    private static async IAsyncEnumerable<PartitionBatch> ReadAllAsync(
        ShardedStore log, string? archive, IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> starts,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        if (archive is not null)
        {
            await foreach (var batch in log.ReadArchiveAsync(archive, starts, cancellation))
                yield return batch;
        }

        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            await foreach (var batch in log.ReadAsync(partition, starts.GetValueOrDefault(partition).Seq, cancellation))
                yield return batch;
        }
    }

    // Only what is kept: each log is checked from where it begins, each order against as much of its history as is there.
    private static async Task<CheckReport> RunKeptAsync(
        ShardedStore store, IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> starts, Action<string> tell, CancellationToken cancellation)
    {
        var report = new CheckReport();
        var checker = new KeptJournalChecker(store.PartitionCount, report);
        try
        {
            await foreach (var batch in ReadAllAsync(store, null, starts, cancellation))
                checker.Take(batch);
            await ReadModelAsync(store.PartitionCount, store, snapshot => checker.Begin(snapshot.Partition, snapshot.Rows.Seq), checker.Take, cancellation);
            checker.Finish();
            tell(checker.NotChecked);
        }
        catch (Exception damage) when (IsDamage(damage))
        {
            report.Add(8, "store", damage.Message);
        }

        return report;
    }

    private static async Task CheckReadModelAsync(
        int partitions, IReadModel store, JournalChecker journal, CheckReport report, CancellationToken cancellation)
    {
        var checker = new ReadModelChecker(journal, report);
        await ReadModelAsync(partitions, store, snapshot =>
        {
            checker.Begin(snapshot.Partition, snapshot.Rows.Seq);
            foreach (var row in snapshot.Rows.Stock)
                checker.Take(row);
        }, checker.Take, cancellation);
        checker.Finish();
    }

    private static async Task ReadModelAsync(
        int partitions, IReadModel store, Action<(int Partition, PartitionSnapshot Rows)> take, Action<OrderRow> takeOrder, CancellationToken cancellation)
    {
        for (var partition = 0; partition < partitions; partition++)
            take((partition, await store.LoadPartitionAsync(partition, cancellation)));
        OrderId? before = null;
        do
        {
            var page = await store.ListOrdersAsync(new OrderQuery(null, before, Limit: 1_000), cancellation);
            foreach (var row in page.Rows)
                takeOrder(row);
            before = page.Next;
        }
        while (before is not null);
    }

    private static async Task CheckPspAsync(Uri psp, JournalChecker journal, CheckReport report, CancellationToken cancellation)
    {
        // As the node asks it: the key goes to the given address and to no other.
        using var direct = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false };
        using var http = new HttpClient(direct);
        var checker = new PspChecker(journal, report);
        await foreach (var record in new PspRecordReader(http, PspKey.Read()).ReadAllAsync(psp, cancellation))
        {
            if (!record.IsDeclined)
                checker.Take(new PspFact(record.Kind, record.Reference, record.Id, record.Amount, record.Currency));
        }

        checker.Finish();
    }
}
