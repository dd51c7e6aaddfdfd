using System.Text.Json.Nodes;
using Millrace.Cli.Client;

namespace Millrace.Cli.Bench.Overload;

/// <summary>A run with all that is needed to judge and repeat it.</summary>
internal sealed class OverloadReport(OverloadSettings settings, OverloadResult result, string commandLine, string durability)
{
    public void Print()
    {
        var table = Terminal.NewTable("overload", "times the maximum#", "asked for/s#", "confirmed/s#", "refused/s#", "given up/s#", "failed#", "accepted p50 ms#", "p99 ms#", "p99 since due#", "cores of server#", "of callers#");
        foreach (var step in result.Steps)
        {
            var seen = step.Seen;
            table.AddText(
                $"{step.Times:N0}", $"{step.Offered:N0}", $"{step.Goodput:N0}", $"{seen.Refused:N0}", $"{seen.GivenUp:N0}", $"{seen.Failed:N0}", Ms(seen.P50Ms), Ms(seen.P99Ms), Ms(seen.SinceDueP99Ms), $"{step.Cores.Server:F2}", $"{step.Cores.Callers:F2}");
        }

        Terminal.Out.Write(table);
        var summary = Terminal.NewTable(null, "what", "figure#");
        summary.AddText("maximum, orders/s to confirmed", $"{result.Maximum:N0}");
        summary.AddText("goodput of it, in the worst step", $"{result.GoodputRatio:F3}");
        summary.AddText("cores at the maximum, of the server and the callers", $"{result.MaximumCores.Server:F2} and {result.MaximumCores.Callers:F2}");
        summary.AddText("goodput for a second of the server's processor time, of that at the maximum", $"{result.GoodputPerCpuRatio:F3}");
        summary.AddText("seconds until all is as before", result.RecoverySeconds is { } seconds ? $"{seconds:N0}" : "not within 30");
        summary.AddText("others' p99 ms of the accepted, alone and beside a noisy tenant", $"{Ms(result.Quiet.SinceDueP99Ms)} and {Ms(result.Noisy.SinceDueP99Ms)}");
        summary.AddText("others' orders accepted/s, refused/s, given up/s; failed: alone", Words(result.Quiet));
        summary.AddText("the same beside a noisy tenant", Words(result.Noisy));
        summary.AddText("the noisy one's orders/s, of its quota", $"{result.NoisyAccepted:N0} of {result.NoisyQuota:N0}");
        summary.AddText("failed requests, of all callers at all times", $"{result.Failed:N0}");
        summary.AddText("violations", $"{result.Violations}");
        summary.AddText("machine", $"{Machine.Processor}, {Machine.Cores} cores, {Machine.Kernel}; the callers run on it too");
        summary.AddText("server", commandLine);
        summary.AddText("durability", durability);
        summary.AddText("PSP", "in-process, 0 ms: simulated");
        summary.AddText("callers", $"{settings.Callers:N0} connections of {OverloadSettings.Tenants} tenants; who is refused {(settings.HeedsRetryAfter ? "heeds Retry-After" : "asks again at once")}, three attempts an order, then gives it up; wants no order that is 1 s late");
        Terminal.Out.Write(summary);
    }

    public JsonObject ToJson() => new()
    {
        ["scenario"] = "overload",
        ["maximum_per_s"] = Math.Round(result.Maximum, 1),
        ["goodput_ratio"] = Math.Round(result.GoodputRatio, 4),
        ["goodput_per_cpu_ratio"] = Math.Round(result.GoodputPerCpuRatio, 4),
        ["maximum_cores"] = new JsonArray(Math.Round(result.MaximumCores.Server, 2), Math.Round(result.MaximumCores.Callers, 2)),
        ["accepted_p99_ms"] = Round(result.AcceptedP99Ms, 2),
        ["others_p99_increase"] = Round(result.OthersP99Increase, 4),
        ["recovery_s"] = result.RecoverySeconds,
        ["violations"] = result.Violations,
        ["failed"] = result.Failed,
        ["steps"] = new JsonArray([.. result.Steps.Select(step => (JsonNode)new JsonObject
        {
            ["times"] = step.Times,
            ["offered_per_s"] = Math.Round(step.Offered),
            ["goodput_per_s"] = Math.Round(step.Goodput),
            ["refused_per_s"] = Math.Round(step.Seen.Refused),
            ["given_up_per_s"] = Math.Round(step.Seen.GivenUp),
            ["failed"] = step.Seen.Failed,
            ["accepted_p50_ms"] = Round(step.Seen.P50Ms, 2),
            ["accepted_p99_ms"] = Round(step.Seen.P99Ms, 2),
            ["since_due_p99_ms"] = Round(step.Seen.SinceDueP99Ms, 2),
            ["server_cores"] = Math.Round(step.Cores.Server, 2),
            ["callers_cores"] = Math.Round(step.Cores.Callers, 2),
        })]),
        ["others_p99_ms"] = Others(seen => Round(seen.SinceDueP99Ms, 2)),
        ["others_accepted_per_s"] = Others(seen => Math.Round(seen.Accepted, 1)),
        ["others_refused_per_s"] = Others(seen => Math.Round(seen.Refused, 1)),
        ["others_given_up_per_s"] = Others(seen => Math.Round(seen.GivenUp, 1)),
        ["others_failed"] = Others(seen => seen.Failed),
        ["noisy_per_s"] = Math.Round(result.NoisyAccepted),
        ["noisy_quota_per_s"] = Math.Round(result.NoisyQuota),
        ["callers"] = settings.Callers,
        ["heeds_retry_after"] = settings.HeedsRetryAfter,
        ["step_s"] = settings.Step.TotalSeconds,
        ["durability"] = durability,
        ["processor"] = Machine.Processor,
        ["cores"] = Machine.Cores,
        ["kernel"] = Machine.Kernel,
        ["command"] = commandLine,
    };

    // Alone, and beside a noisy tenant.
    private JsonArray Others(Func<Seen, double?> figure) => new(figure(result.Quiet), figure(result.Noisy));

    private static double? Round(double? figure, int digits) => figure is { } number ? Math.Round(number, digits) : null;

    private static string Ms(double? figure) => figure is { } ms ? $"{ms:F1}" : "none";

    private static string Words(Seen seen) => $"{seen.Accepted:N1}, {seen.Refused:N1}, {seen.GivenUp:N1}; {seen.Failed:N0}";
}
