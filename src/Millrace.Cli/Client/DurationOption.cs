using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Cli.Client;

/// <summary>
/// An option that is a length of time, as [D.]HH:MM:SS and in no other way: what .NET reads takes 24:00:00 for twenty-four days, and 30 too for days.
/// </summary>
internal static partial class DurationOption
{
    public static Option<TimeSpan> Create(string name, string description, TimeSpan usual) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => usual,
        CustomParser = given =>
        {
            var text = given.Tokens[0].Value;
            if (Form().Match(text) is not { Success: true } match)
                given.AddError($"{name} is a time such as 00:01:30, not '{text}'.");
            else if (Part(match, "hours") > 23)
                given.AddError($"{name} has hours from 00 to 23, and days in front of them, such as 1.00:00:00 for 24 hours; not '{text}'.");
            else
                return new TimeSpan(Part(match, "days"), Part(match, "hours"), Part(match, "minutes"), Part(match, "seconds"));
            return default;
        },
    };

    private static int Part(Match match, string name) => match.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    // Three centuries of days are more than anybody means, and less than what overflows.
    [GeneratedRegex(@"^((?<days>[0-9]{1,5})\.)?(?<hours>[0-9]{1,2}):(?<minutes>[0-5][0-9]):(?<seconds>[0-5][0-9])\z", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Form();
}
