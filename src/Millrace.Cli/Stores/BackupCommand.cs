using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Cli.Stores;

/// <summary><c>millrace backup</c>: of a running server, which makes it itself, or of a data folder that nobody serves.</summary>
internal static class BackupCommand
{
    private const string Path = "/v1/backups";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var (connection, json, dryRun) = (new Connection(), new JsonResult(), new DryRun());
        var data = new Option<string?>("--data") { Description = "Data folder that no server has open; without it, the server at --url backs up its own" };
        var to = new Option<string?>("--to") { Description = "With --data: the folder of backups; a running server has its own, from 'serve --backups'" };
        var command = new Command("backup", "Back up a SQLite store, while it is served or not") { data, to };
        connection.AddWithCurlTo(command);
        json.AddTo(command);
        dryRun.AddTo(command);
        command.Subcommands.Add(Status());
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var (folder, target) = (arguments.GetValue(data), arguments.GetValue(to));
            if (folder is null != target is null)
                throw new UsageException("--data and --to go together: a running server knows where its backups go.");
            if (folder is not null && (connection.IsShown(arguments) || dryRun.IsAsked(arguments)))
                throw new UsageException("--curl and --dry-run are of the backup that a running server makes, without --data.");
            if (connection.IsShown(arguments))
                return connection.Show(arguments, NewRequest());
            if (folder is not null)
                return await ReportAsync(await OfFolderAsync(folder, target!, cancellation));
            using var client = connection.Open(arguments);
            if (dryRun.IsAsked(arguments))
                return await DryRun.CheckAsync(client, arguments, new Change(NewRequest(), Scopes.SystemOperate), cancellation);
            return await ReportAsync(await OfServerAsync(client, cancellation));

            async Task<int> ReportAsync(JsonObject made)
            {
                arguments.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"backup {made["backup"]}: {made["records"]} records of {made["partitions"]} partitions until {made["taken_at"]}, {made["bytes"]} bytes"));
                await json.WriteAsync(arguments, made);
                return Acting.Done;
            }
        });
        return command;
    }

    private static async Task<JsonObject> OfFolderAsync(string folder, string target, CancellationToken cancellation)
    {
        // Opening would make a new store of a folder that is empty.
        if (!File.Exists(System.IO.Path.Combine(folder, SqliteStore.JournalFileName)))
            throw new UsageException($"There is no store in '{folder}'.");
        try
        {
            await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder, MayUpgrade = false });
            using var administration = SqliteAdministration.Open(store.DataDirectory, mayUpgrade: false);
            var backup = Backups.Of(store, administration, target, TimeProvider.System);
            BackupManifest? made = null;
            await Progressing.RunAsync("bytes", await store.DiskBytesAsync(), () => backup.DoneBytes, async () => made = await backup.RunAsync(cancellation));
            return Result(made!.Name, made.TakenAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), made.Bytes, made.Seqs.Count, made.Records);
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or BackupFailedException)
        {
            throw new InvalidOperationException(refused.Message, refused);
        }
    }

    private static async Task<JsonObject> OfServerAsync(MillraceClient client, CancellationToken cancellation)
    {
        var started = (await client.SendAsync(NewRequest(), cancellation)).Body;
        var job = started;
        // How much there is is known once it has looked at the folder.
        while (job.Text("status") == "running" && job.GetProperty("total_bytes").GetInt64() == 0)
            job = await AskAsync(client, started.Text("id")!, cancellation);
        await Progressing.RunAsync("bytes", job.GetProperty("total_bytes").GetInt64(), () => job.GetProperty("done_bytes").GetInt64(), async () =>
        {
            while (job.Text("status") == "running")
                job = await AskAsync(client, started.Text("id")!, cancellation);
        });
        if (job.Text("status") != "done")
            throw new InvalidOperationException(job.Text("failure") ?? "The backup failed.");
        return Result(job.Text("name")!, job.Text("taken_at")!, job.GetProperty("bytes").GetInt64(), job.GetProperty("partitions").GetInt32(), job.GetProperty("records").GetInt64());
    }

    private static ApiRequest NewRequest() => ApiRequest.Post(Path, []) with { IdempotencyKey = "backup-" + Guid.NewGuid().ToString("N") };

    private static Command Status()
    {
        var id = new Argument<string>("id") { Description = "As the server named it" };
        return Reading.One("status", "Show how far a backup of the server is, and what it holds", [id], arguments => ApiRequest.Get($"{Path}/{Uri.EscapeDataString(arguments.GetValue(id)!)}"));
    }

    private static async Task<JsonElement> AskAsync(MillraceClient client, string id, CancellationToken cancellation)
    {
        await Task.Delay(Poll, cancellation);
        try
        {
            return (await client.GetAsync($"{Path}/{id}", cancellation)).Body;
        }
        catch (ApiException gone) when (gone.Code == "backup_not_found")
        {
            throw new InvalidOperationException("The server was restarted during the backup, which was not finished.", gone);
        }
    }

    private static JsonObject Result(string name, string takenAt, long bytes, int partitions, long records) => new()
    {
        ["scenario"] = "backup",
        ["backup"] = name,
        ["taken_at"] = takenAt,
        ["bytes"] = bytes,
        ["partitions"] = partitions,
        ["records"] = records,
    };
}
