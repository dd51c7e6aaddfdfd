using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Cli.Stores;
using Millrace.Engine.Journal;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Verify;

/// <summary><c>millrace verify</c>: every invariant over a store that no server has open, and over the PSP's own record.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Data folder of a stopped server." };
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of a database that nobody serves from, instead; also {ShardOption.HomeVariable}." };
        var shardOption = new ShardOption();
        var archive = new Option<string?>("--archive") { Description = "With --postgres: the folder of 'millrace archive', to check everything from the first day." };
        var psp = new Option<string?>("--psp") { Description = "Base URL of the PSP, to compare with its record [its key: env MILLRACE_PSP_KEY]" };
        var json = new JsonResult();
        var command = new Command("verify", "Check every invariant of a store; exit status 1 on any violation.") { data, postgres, archive, psp };
        shardOption.AddTo(command);
        json.AddTo(command);
        command.SetGuardedAction(async (parsed, cancellation) =>
        {
            var folder = parsed.GetValue(data);
            var database = folder is null || parsed.GetValue(postgres) is not null ? Secret.Read(parsed, postgres, ShardOption.HomeVariable) : null;
            if (folder is null == database is null || (folder is not null && parsed.GetValue(archive) is not null))
                throw new UsageException("either --data or --postgres; --archive goes with --postgres.");
            var pspUrl = parsed.GetValue(psp) is { } url ? HttpUrl.Parse(psp.Name, url) : null;
            try
            {
                string? notChecked = null, pspFault = null;
                var report = folder is not null
                    ? await StoreVerification.RunAsync(folder, pspUrl, cancellation, mayUpgrade: false, pspAway: words => pspFault = words)
                    : await StoreVerification.RunPostgresAsync(database!, pspUrl, cancellation, shards: shardOption.Read(parsed), archive: parsed.GetValue(archive), tell: words => notChecked = words, pspAway: words => pspFault = words);
                Print(parsed.InvocationConfiguration.Output, report, pspUrl is not null, notChecked);
                await json.WriteAsync(parsed, Result(report, isComplete: notChecked is null && pspFault is null));
                if (pspFault is not null)
                    await Acting.FailAsync(parsed, pspFault, Acting.NoAnswer);
                return report.ViolationCount > 0 ? Acting.Failed : pspFault is null ? Acting.Done : Acting.NoAnswer;
            }
            catch (StoreRefusedException refused)
            {
                return await Acting.FailAsync(parsed, refused.Message, Acting.Failed);
            }
            // What was not reached says nothing of the store: whoever verifies every night tries again.
            catch (StoreUnavailableException away)
            {
                return await Acting.FailAsync(parsed, away.Message, Acting.NoAnswer);
            }
        });
        return command;
    }

    private static void Print(TextWriter writer, CheckReport report, bool isPspAsked, string? notChecked)
    {
        foreach (var violation in report.Violations.Take(100))
            writer.WriteLine($"violation of {violation.Invariant}: {violation.Subject} {violation.What}");
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Orders} orders, {report.Items} items, {report.Records} records in {report.Batches} batches, {(isPspAsked ? $"{report.PspRecords} PSP records" : "the PSP's record not looked at (--psp)")}: {report.ViolationCount} violations"));
        foreach (var (status, count) in report.OrdersByStatus)
            writer.WriteLine($"  {status,-10} {count,12}");
        if (notChecked is not null)
            writer.WriteLine(notChecked);
    }

    private static JsonObject Result(CheckReport report, bool isComplete) => new()
    {
        ["scenario"] = "verify",
        ["orders"] = report.Orders,
        ["records"] = report.Records,
        ["psp_records"] = report.PspRecords,
        ["violations"] = report.ViolationCount,
        ["is_complete"] = isComplete,
    };
}
