using System.CommandLine;
using System.Globalization;

namespace Millrace.Cli.Client;

/// <summary>An option that is a moment, by ISO 8601. Without an offset it is in UTC, wherever the command runs: a script means the same on every machine.</summary>
internal static class TimeOption
{
    public static Option<DateTimeOffset?> Create(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = given =>
        {
            var text = given.Tokens[0].Value;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
                return time;
            given.AddError($"{name} is a moment such as 2026-01-31T12:00:00Z, not '{text}'.");
            return null;
        },
    };
}
