using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Simulation.Checkers;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Cli.Stores;

/// <summary><c>millrace restore</c>: a data folder from a backup, verified before it has its name.</summary>
internal static class RestoreCommand
{
    private const int MostShown = 20;

    public static Command Create()
    {
        var (json, dryRun) = (new JsonResult(), new DryRun());
        var from = new Option<string>("--from") { Description = "A backup: one folder that 'millrace backup' made", Required = true };
        var to = new Option<string>("--to") { Description = "The new data folder; must be empty or missing", Required = true };
        var command = new Command("restore", "Make a data folder of a backup, and verify it") { from, to };
        json.AddTo(command);
        dryRun.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            try
            {
                var target = arguments.GetValue(to)!;
                if (dryRun.IsAsked(arguments))
                {
                    var found = await StoreRestore.CheckAsync(arguments.GetValue(from)!, target, cancellation);
                    await DryRun.SayAsync(arguments, $"{target}, and every byte of the backup {found.Name}: {found.Records} records, {found.Bytes} bytes");
                    return Acting.Done;
                }

                using var restore = StoreRestore.Begin(arguments.GetValue(from)!, target);
                var manifest = restore.Manifest;
                var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                await Progressing.RunAsync("bytes", manifest.Bytes, () => restore.DoneBytes, () => restore.CopyAsync(now, cancellation));
                await Console.Error.WriteLineAsync("verifying");
                var report = await StoreVerification.RunAsync(restore.DataDirectory, null, cancellation);
                if (report.Records != manifest.Records)
                    report.Add(8, "store", $"has {report.Records} records, and the backup was made of {manifest.Records}");
                if (report.ViolationCount == 0)
                    restore.Finish();
                Tell(report, manifest, target);
                await json.WriteAsync(arguments, new JsonObject
                {
                    ["scenario"] = "restore",
                    ["backup"] = manifest.Name,
                    ["orders"] = report.Orders,
                    ["items"] = report.Items,
                    ["records"] = report.Records,
                    ["reaches"] = Words(report.LastAtUnixMs),
                    ["violations"] = report.ViolationCount,
                });
                return report.ViolationCount == 0 ? Acting.Done : Acting.Failed;
            }
            catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or BackupFailedException)
            {
                throw new InvalidOperationException(refused.Message, refused);
            }
        });
        return command;
    }

    private static void Tell(CheckReport report, BackupManifest manifest, string target)
    {
        foreach (var violation in report.Violations.Take(MostShown))
            Console.Out.WriteLine($"violation of {violation.Invariant}: {violation.Subject} {violation.What}");
        if (report.ViolationCount > 0)
        {
            Console.Out.WriteLine($"{report.ViolationCount} violations: nothing was restored");
            return;
        }

        var reaches = Words(report.LastAtUnixMs) is { } last ? $"until {last}" : "and no event";
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target}: {report.Orders} orders, {report.Items} items, {report.Records} records {reaches}, 0 violations"));
        Console.Out.WriteLine($"What was acknowledged after {Words(manifest.BegunAt.ToUnixTimeMilliseconds())} may be missing, and what it charged is charged. Before serving: millrace verify --data {target} --psp URL, and docs/backup.md");
        if (manifest.Files.Any(file => file.Name == SqliteAdministration.FileName))
            Console.Out.WriteLine("The API keys are those of the backup too: revoke again what was revoked since.");
    }

    private static string? Words(long? unixMs) => unixMs is { } ms
        ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : null;
}
