using System.Globalization;

namespace Millrace.Cli.Bench.Load;

/// <summary>Reads the line that place.lua writes when wrk is done.</summary>
internal static class WrkOutput
{
    private const string Marker = "millrace-wrk ";

    /// <exception cref="InvalidDataException">The line is not there: wrk did not come to its end.</exception>
    public static LoadResult Parse(string output)
    {
        var line = output.Split('\n').LastOrDefault(text => text.StartsWith(Marker, StringComparison.Ordinal))
            ?? throw new InvalidDataException("wrk printed no result: " + output.Trim());
        var fields = line[Marker.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(field => field.Split('='))
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        return new LoadResult(
            fields["requests"],
            fields["status"],
            fields["connect"] + fields["read"] + fields["write"] + fields["timeout"],
            TimeSpan.FromMicroseconds(fields["duration_us"]),
            new Latency(fields["p50_us"] / 1e3, fields["p99_us"] / 1e3, fields["p999_us"] / 1e3, fields["max_us"] / 1e3),
            // wrk counts the time of every answer, whatever its status.
            IsLatencyOfAll: true);
    }
}
