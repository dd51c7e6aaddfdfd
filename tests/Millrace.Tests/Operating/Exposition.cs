using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Tests.Operating;

/// <summary>One line of <c>/metrics</c>.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>What <c>/metrics</c> showed.</summary>
internal sealed partial class Exposition
{
    private Exposition(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', 4);
            if (words is ["#", "TYPE", var typed, var type])
                Types[typed] = type;
            else if (words is ["#", "HELP", var helped, var help])
                Helps[helped] = help;
            else if (Line().Match(line) is { Success: true } sample)
                Samples.Add(Read(sample));
        }
    }

    /// <summary>By the family's name.</summary>
    public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Helps { get; } = new(StringComparer.Ordinal);

    public List<Sample> Samples { get; } = [];

    public static Exposition Read(string text) => new(text);

    /// <summary>The samples of a family; of a histogram its buckets, sums and counts.</summary>
    public IEnumerable<Sample> Of(string family) => Samples.Where(s => s.Name == family || (Types.GetValueOrDefault(family) == "histogram" && FamilyOf(s.Name) == family));

    /// <summary>The sum over all samples with these labels.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) =>
        Samples.Where(s => s.Name == name && labels.All(l => s.Labels.GetValueOrDefault(l.Name) == l.Value)).Sum(s => s.Value);

    /// <summary>Without what a histogram adds.</summary>
    public static string FamilyOf(string name) => Suffix().Replace(name, "");

    private static Sample Read(Match sample) => new(
        sample.Groups["name"].Value,
        Label().Matches(sample.Groups["labels"].Value).ToDictionary(l => l.Groups["name"].Value, l => l.Groups["value"].Value, StringComparer.Ordinal),
        double.Parse(sample.Groups["value"].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>\S+)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Line();

    [GeneratedRegex("""(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(\\.|[^"\\])*)",?""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Suffix();
}
