using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Overview;

/// <summary><c>millrace overview</c>: what the asked node does, second by second. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class OverviewCommand
{
    // What fits on a terminal; -o json has all of it.
    private static readonly string[] Columns = ["at", "placed#", "refused#", "confirmed#", "accept_ms.p50#", "accept_ms.p99#", "settle_ms.p99#", "unfinished#", "oldest_s#"];

    public static Command Create()
    {
        var seconds = new Option<int>("--seconds") { Description = "How far back, 1 to 3600", DefaultValueFactory = _ => 10 };
        var step = new Option<int>("--step") { Description = "Seconds in each row, 1 to 60; 300 rows come at most", DefaultValueFactory = _ => 1 };
        return Reading.Rows("overview", "Show what the asked node does, second by second; rates are per second", [seconds, step],
            arguments =>
            {
                var (back, rows) = (arguments.GetValue(seconds), arguments.GetValue(step));
                if (back is < 1 or > 3_600 || rows is < 1 or > 60)
                    throw new UsageException($"{seconds.Name} is 1 to 3600, and {step.Name} 1 to 60.");
                return ApiRequest.Get($"/v1/overview?seconds={back}&step={rows}");
            }, Columns);
    }
}
