using System.CommandLine;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Doctor;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Administration;

namespace Millrace.Cli.Stores;

/// <summary><c>millrace migrate-store</c>: from one node with SQLite to a cluster over PostgreSQL.</summary>
internal static class MigrateStoreCommand
{
    public static Command Create()
    {
        var (json, dryRun) = (new JsonResult(), new DryRun());
        var from = new Option<string>("--from") { Description = "Data folder of a stopped server", Required = true };
        var to = new Option<string>("--to") { Description = "Connection string of an empty database", Required = true };
        var command = new Command("migrate-store", "Copy a data folder's orders, stock and API keys to PostgreSQL, and verify both") { from, to };
        command.Aliases.Add("migrate");
        json.AddTo(command);
        dryRun.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var (folder, database) = (arguments.GetValue(from)!, arguments.GetValue(to)!);
            if (!Directory.Exists(folder))
                throw new UsageException($"There is no data folder '{folder}'.");
            // Opening would make one of an empty folder, and call it copied.
            if (!File.Exists(Path.Combine(folder, SqliteStore.JournalFileName)))
                throw new InvalidOperationException($"There is no store in '{folder}'.");
            try
            {
                var before = await StoreVerification.RunAsync(folder, null, cancellation, mayUpgrade: !dryRun.IsAsked(arguments));
                if (before.ViolationCount > 0)
                    throw new InvalidOperationException($"The data folder has {before.ViolationCount} violations; 'millrace verify' shows them. Nothing was copied.");
                if (dryRun.IsAsked(arguments))
                    return await CheckAsync(arguments, database, before.Orders, cancellation);
                await CopyAsync(folder, database, cancellation);
                await Console.Error.WriteLineAsync("verifying the database");
                var after = await StoreVerification.RunPostgresAsync(database, null, cancellation);
                var differences = (after.Orders == before.Orders ? 0 : 1) + (after.Items == before.Items ? 0 : 1) + (after.Records == before.Records ? 0 : 1);
                Console.Out.WriteLine($"{after.Orders} orders, {after.Items} items and {after.Records} records are in the database: {after.ViolationCount} violations, {differences} differences");
                Console.Out.WriteLine($"serve them with: millrace serve --postgres ... ; the API keys are in the database too");
                await json.WriteAsync(arguments, new JsonObject
                {
                    ["scenario"] = "migrate-store",
                    ["orders"] = after.Orders,
                    ["items"] = after.Items,
                    ["records"] = after.Records,
                    ["violations"] = after.ViolationCount + differences,
                });
                return after.ViolationCount + differences == 0 ? Acting.Done : Acting.Failed;
            }
            catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or JournalCorruptException)
            {
                throw new InvalidOperationException(refused.Message, refused);
            }
        });
        return command;
    }

    // What a copy would begin by making is not made: the database is only looked at.
    private static async Task<int> CheckAsync(ParseResult arguments, string database, long orders, CancellationToken cancellation)
    {
        var unfit = (await PostgresCheck.OfAsync(database, cancellation)).Where(finding => finding.Verdict == Verdict.Fail).ToList();
        foreach (var finding in unfit)
            await Acting.FailAsync(arguments, $"dry run: it would be refused: {finding.Check}: {finding.Measured}; {finding.Why}", Acting.Failed);
        if (unfit.Count == 0)
            await DryRun.SayAsync(arguments, $"the data folder, whose {orders} orders have no violation, and the database's settings");
        return unfit.Count == 0 ? Acting.Done : Acting.Failed;
    }

    private static async Task CopyAsync(string folder, string database, CancellationToken cancellation)
    {
        await using var source = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder });
        await using var target = await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = source.PartitionCount });
        var migration = new StoreMigration(source, target);
        await Progressing.RunAsync("partitions", source.PartitionCount, () => migration.Done, () => migration.RunAsync(cancellation));
        using var administration = SqliteAdministration.Open(folder);
        await AuditMigration.RunAsync(administration, target, cancellation);
        await RecordsMigration.RunAsync(administration, target, cancellation);
    }
}
