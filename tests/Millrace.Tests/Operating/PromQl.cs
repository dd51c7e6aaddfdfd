using System.Text.RegularExpressions;

namespace Millrace.Tests.Operating;

/// <summary>As much of PromQL as it takes to find the series that an expression asks for.</summary>
internal static partial class PromQl
{
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
        { "and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "inf", "nan" };

    public static IEnumerable<string> NamesIn(string expression)
    {
        var bare = Selector().Replace(Text().Replace(expression, ""), "");
        bare = Grouping().Replace(Range().Replace(bare, ""), "");
        return Name().Matches(bare).Where(m => !m.Groups["call"].Success).Select(m => m.Groups["name"].Value).Where(name => !Words.Contains(name)).Distinct(StringComparer.Ordinal);
    }

    [GeneratedRegex("""
        "[^"]*"|'[^']*'
        """, RegexOptions.IgnorePatternWhitespace, 1_000)]
    private static partial Regex Text();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 1_000)]
    private static partial Regex Selector();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.None, 1_000)]
    private static partial Regex Range();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Grouping();

    [GeneratedRegex(@"(?<![\w.])(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<call>\s*\()?", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Name();
}
