using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Cli.Keys;
using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Archive;
using Millrace.Storage.Postgres.Shards;

namespace Millrace.Cli.Stores;

/// <summary><c>millrace archive</c>: old days of the journal, and old months of orders, from PostgreSQL into files, while nodes serve.</summary>
internal static class ArchiveCommand
{
    public static Command Create()
    {
        var (shards, json) = (new ShardOption(), new JsonResult());
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of the store's home database; also {ShardOption.HomeVariable}" };
        var to = new Option<string>("--to") { Description = "The archive's folder; must exist", Required = true };
        var olderThan = new Option<string>("--older-than") { Description = "Days of the journal that lie at least so far back, such as 90d; 1d at least", DefaultValueFactory = _ => "90d" };
        var ordersOlderThan = new Option<string?>("--orders-older-than") { Description = "Months of orders that ended at least so long ago, such as 400d; 31d at least. Every node must be told of the folder first: 'serve --archive'. Default: no orders" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be archived" };
        var command = new Command("archive", "Move old days of the journal, and old months of orders, from PostgreSQL into files, while nodes serve; run it again after an interruption") { postgres, to, olderThan, ordersOlderThan, dryRun };
        shards.AddTo(command);
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var home = Secret.Read(arguments, postgres, ShardOption.HomeVariable)
                ?? throw new UsageException($"--postgres or {ShardOption.HomeVariable} names the store's home database.");
            var (days, isDryRun, folder) = (ParseDays(arguments.GetValue(olderThan)!, olderThan.Name, 1), arguments.GetValue(dryRun), arguments.GetValue(to)!);
            int? orderDays = arguments.GetValue(ordersOlderThan) is { } text ? ParseDays(text, ordersOlderThan.Name, 31) : null;
            try
            {
                await using var store = await ShardedStore.OpenAsync(
                    new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = home, MayMake = false, Archive = folder }, MayMakeShards = false, Shards = shards.Read(arguments) }, cancellation);
                // Before it is done: it may be recorded and then fail, but not be done unseen.
                using var audit = new AuditLog(store.Administration, TimeProvider.System);
                if (!isDryRun)
                    await audit.AddAsync(() => new AuditDraft(KeyAdministration.Actor, null, "journal.archived", $"older than {days} days{(orderDays is null ? "" : $", orders older than {orderDays} days")}"), cancellation);
                Action<string> told = arguments.InvocationConfiguration.Error.WriteLine;
                var reports = await store.ArchiveAsync(folder, days, isDryRun, told, cancellation);
                var months = orderDays is null ? [] : await store.ArchiveOrdersAsync(folder, orderDays.Value, isDryRun, told, cancellation);
                Tell(arguments.InvocationConfiguration.Output, reports, months, isDryRun);
                await json.WriteAsync(arguments, Result(reports, months, isDryRun));
                return Acting.Done;
            }
            catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or JournalCorruptException or InvalidDataException)
            {
                throw new InvalidOperationException(refused.Message, refused);
            }
        });
        return command;
    }

    private static int ParseDays(string text, string option, int least) =>
        text.EndsWith('d') && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days >= least && days <= 36_500
            ? days
            : throw new UsageException($"{option} is a number of days such as 400d, and at least {least}d.");

    private static void Tell(TextWriter output, IReadOnlyList<ArchiveReport> reports, IReadOnlyList<ArchivedOrders> months, bool isDryRun)
    {
        foreach (var days in reports.SelectMany(report => report.Done))
        {
            var name = days.First == days.Last ? Text(days.First) : $"{Text(days.First)} to {Text(days.Last)}";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{days.Shard,-12} {name}  {days.Records,12} records in {days.Batches} batches{(isDryRun ? "" : $", {days.Bytes} bytes")}"));
        }

        foreach (var month in months.Where(month => month.Why is null))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{month.Shard,-12} {month.Month:yyyy-MM}     {month.Orders,12} orders{(isDryRun ? "" : $", {month.Bytes} bytes")}, {month.Stay} stay"));
        }

        foreach (var stays in StaysOf(reports, months))
            output.WriteLine($"stays: {stays}");
        var archived = isDryRun ? "would be archived" : "archived";
        output.WriteLine($"{Count(reports.Sum(report => report.Done.Count), "day")} of the journal, {Count(months.Count(month => month.Why is null), "month")} of orders {archived}");
    }

    private static string Count(int count, string unit) => count == 1 ? $"1 {unit}" : $"{count} {unit}s";

    private static JsonObject Result(IReadOnlyList<ArchiveReport> reports, IReadOnlyList<ArchivedOrders> months, bool isDryRun) => new()
    {
        ["scenario"] = "archive",
        ["is_dry_run"] = isDryRun,
        ["days"] = new JsonArray([.. reports.SelectMany(report => report.Done).Select(days => new JsonObject
        {
            ["shard"] = days.Shard,
            ["first"] = Text(days.First),
            ["last"] = Text(days.Last),
            ["batches"] = days.Batches,
            ["records"] = days.Records,
            ["bytes"] = days.Bytes,
        })]),
        ["months"] = new JsonArray([.. months.Where(month => month.Why is null).Select(month => new JsonObject
        {
            ["shard"] = month.Shard,
            ["month"] = month.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            ["orders"] = month.Orders,
            ["stay"] = month.Stay,
            ["bytes"] = month.Bytes,
        })]),
        ["stays"] = new JsonArray([.. StaysOf(reports, months).Select(stays => JsonValue.Create(stays))]),
    };

    private static IEnumerable<string> StaysOf(IReadOnlyList<ArchiveReport> reports, IReadOnlyList<ArchivedOrders> months) =>
    [
        .. reports.Select(report => report.Stays).OfType<string>(),
        .. months.Where(month => month.Why is not null).Select(month => string.Create(CultureInfo.InvariantCulture, $"{month.Shard}: orders of {month.Month:yyyy-MM}: {month.Why}")),
    ];

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
