using System.Text.RegularExpressions;
using Millrace.Tests.Architecture;

namespace Millrace.Tests.Operating;

/// <summary>One entry of the rules.</summary>
/// <param name="Alert">Null for a recorded level.</param>
/// <param name="Record">Null for an alert.</param>
internal sealed record Rule(string? Alert, string? Record, string Expression, string? Severity, string? Runbook, string? Summary, string? Description);

/// <summary>The rules as they are checked in. promtool says whether they are well-formed; here they are only taken apart.</summary>
internal static partial class AlertRules
{
    public const string RunbookAddress = "https://millrace.dev/runbooks/";

    public static string Folder { get; } = Path.Combine(Repository.Root, "deploy", "prometheus");

    public static string RulesFile { get; } = Path.Combine(Folder, "millrace.rules.yml");

    public static string Runbooks { get; } = Path.Combine(Repository.Root, "docs", "operating", "runbooks");

    public static IReadOnlyList<Rule> All { get; } = [.. Start().Split(File.ReadAllText(RulesFile)).Skip(1).Select(Read)];

    public static IEnumerable<Rule> Alerts => All.Where(rule => rule.Alert is not null);

    private static Rule Read(string entry) => new(
        Value(entry, "alert"), Value(entry, "record"), Expression().Match(entry).Groups["expr"].Value,
        Value(entry, "severity"), Value(entry, "runbook_url"), Value(entry, "summary"), Value(entry, "description"));

    private static string? Value(string entry, string name)
    {
        var match = Regex.Match(entry, $@"(^|\n)\s*{name}: (>-\s*)?(?<value>.+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return match.Success ? match.Groups["value"].Value.Trim(' ', '"') : null;
    }

    [GeneratedRegex(@"\n\s*- (?=alert:|record:)", RegexOptions.None, 1_000)]
    private static partial Regex Start();

    // To the next line that is indented less than the block is.
    [GeneratedRegex(@"expr: (\|-\n)?(?<expr>.+?)(?=\n {8}\w|\n {0,6}\S|\n\n|$)", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1_000)]
    private static partial Regex Expression();
}
