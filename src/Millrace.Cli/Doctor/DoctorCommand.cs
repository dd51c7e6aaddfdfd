using System.CommandLine;
using System.Net;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Cli.Stores;

namespace Millrace.Cli.Doctor;

/// <summary><c>millrace doctor</c>: what this machine, a data folder, a database and a server are like, and what mends what is not well.</summary>
internal static class DoctorCommand
{
    private const int DefaultPort = 8080;

    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "A data folder to look at; its store only while its server is stopped [the disk: also without, of the current folder]" };
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of a database to look at; also {ShardOption.HomeVariable}" };
        var url = new Option<string?>("--url") { Description = "A running server to look at [env MILLRACE_URL]" };
        var ports = new Option<int[]>("--port") { Description = $"Port that shall be free, as often as there are [default: {DefaultPort}, unless a server is looked at]" };
        var output = new Output();
        var command = new Command("doctor", "Check the machine, and what is named; each finding says why it matters and what mends it. Exit code 1 on a fail") { data, postgres, url, ports };
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var server = ServerOf(arguments.GetValue(url) ?? Environment.GetEnvironmentVariable("MILLRACE_URL"));
            var free = arguments.GetValue(ports) is { Length: > 0 } given ? given : server is null ? [DefaultPort] : [];
            if (Array.Exists(free, port => port is < 1 or > IPEndPoint.MaxPort))
                throw new UsageException($"{ports.Name} is 1 to {IPEndPoint.MaxPort}.");
            var findings = new List<Finding>(MachineChecks.All()) { ClockCheck.OfKernel() };
            findings.AddRange(await OfFolderAsync(arguments.GetValue(data)));
            findings.AddRange(free.Select(PortCheck.Of));
            if (Secret.Read(arguments, postgres, ShardOption.HomeVariable) is { } database)
                findings.AddRange([.. MachineChecks.OfNetwork(), .. await PostgresCheck.OfAsync(database, cancellation)]);
            if (server is not null)
                findings.AddRange(await ServerCheck.OfAsync(server, cancellation));
            return Tell(arguments, output, findings);
        });
        return command;
    }

    private static async Task<IEnumerable<Finding>> OfFolderAsync(string? folder)
    {
        if (folder is null)
            return DiskChecks.Of(".");
        if (!Directory.Exists(folder))
            return [new Finding("data", Verdict.Fail, $"there is no folder '{folder}'", "a store is in it", $"mkdir -p {Curl.Quoted(folder)}")];
        return [.. DiskChecks.Of(folder), await StoreCheck.OfAsync(folder)];
    }

    private static Uri? ServerOf(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
        : throw new UsageException($"'{text}' is no http or https URL.");

    private static int Tell(ParseResult arguments, Output output, List<Finding> findings)
    {
        if (output.Of(arguments) != OutputFormat.Table)
            output.WriteMany(arguments, [.. findings.Select(finding => finding.ToJson())]);
        else
            findings.ForEach(finding => Line(arguments.InvocationConfiguration.Output, finding));
        return findings.Exists(finding => finding.Verdict == Verdict.Fail) ? Acting.Failed : Acting.Done;
    }

    // Lines rather than a table: a command that mends is copied whole.
    private static void Line(TextWriter writer, Finding finding)
    {
        var mark = finding.Verdict switch { Verdict.Ok => "ok  ", Verdict.Warn => "WARN", _ => "FAIL" };
        writer.WriteLine($"{mark} {finding.Check,-28} {finding.Measured}");
        if (finding.Verdict == Verdict.Ok)
            return;
        writer.WriteLine($"     why: {finding.Why}");
        writer.WriteLine($"     fix: {finding.Fix}");
    }
}
