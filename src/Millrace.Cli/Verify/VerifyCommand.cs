using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
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
        var psp = new Option<string?>("--psp") { Description = "Base URL of the PSP simulator, to compare with its record." };
        var json = new Option<string?>("--json") { Description = "'-' ends the output with one JSON object." };
        var command = new Command("verify", "Check every invariant of a store; exit status 1 on any violation.") { data, postgres, archive, psp, json };
        shardOption.AddTo(command);
        command.SetGuardedAction(async (parsed, cancellation) =>
        {
            var folder = parsed.GetValue(data);
            var database = folder is null || parsed.GetValue(postgres) is not null ? Secret.Read(parsed, postgres, ShardOption.HomeVariable) : null;
            if (folder is null == database is null || (folder is not null && parsed.GetValue(archive) is not null))
                throw new UsageException("either --data or --postgres; --archive goes with --postgres.");
            var pspUrl = parsed.GetValue(psp) is { } url ? HttpUrl.Parse(psp.Name, url) : null;
            try
            {
                string? notChecked = null;
                var report = folder is not null
                    ? await StoreVerification.RunAsync(folder, pspUrl, cancellation, mayUpgrade: false)
                    : await StoreVerification.RunPostgresAsync(database!, pspUrl, cancellation, shards: shardOption.Read(parsed), archive: parsed.GetValue(archive), tell: words => notChecked = words);
                Print(report, pspUrl is not null, notChecked, parsed.GetValue(json) is not null);
                return report.ViolationCount == 0 ? Acting.Done : Acting.Failed;
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
            catch (Exception away) when (away is HttpRequestException or SocketException)
            {
                return await Acting.FailAsync(parsed, $"the PSP's record cannot be read: {away.Message}", Acting.NoAnswer);
            }
        });
        return command;
    }

    private static void Print(CheckReport report, bool isPspAsked, string? notChecked, bool isJson)
    {
        foreach (var violation in report.Violations.Take(100))
            Console.Out.WriteLine($"violation of {violation.Invariant}: {violation.Subject} {violation.What}");
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Orders} orders, {report.Items} items, {report.Records} records in {report.Batches} batches, {(isPspAsked ? $"{report.PspRecords} PSP records" : "the PSP's record not looked at (--psp)")}: {report.ViolationCount} violations"));
        foreach (var (status, count) in report.OrdersByStatus)
            Console.Out.WriteLine($"  {status,-10} {count,12}");
        if (notChecked is not null)
            Console.Out.WriteLine(notChecked);
        if (!isJson)
            return;
        var result = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["scenario"] = "verify",
            ["orders"] = report.Orders,
            ["records"] = report.Records,
            ["psp_records"] = report.PspRecords,
            ["violations"] = report.ViolationCount,
            ["is_complete"] = notChecked is null,
        };
        Console.Out.WriteLine(JsonSerializer.Serialize(result));
    }
}
