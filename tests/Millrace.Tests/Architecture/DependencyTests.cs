using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Millrace.Tests.Architecture;

/// <summary>Dependencies point down only: design, chapter 2.</summary>
public sealed partial class DependencyTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Domain"] = [],
        ["Engine"] = ["Domain"],
        ["Storage"] = ["Engine"],
        ["Gateways"] = ["Engine", "Telemetry"],
        ["Cluster"] = ["Engine", "Telemetry"],
        ["Feed"] = ["Engine"],
        ["PspSimulator"] = [],
        ["Simulation"] = ["Engine", "Domain"],
        ["Telemetry"] = ["Domain"],
        ["Webhooks"] = ["Engine", "Cluster", "Feed", "Telemetry"],
        ["Reconciliation"] = ["Engine", "Cluster", "Feed", "Gateways", "Telemetry"],
        ["Api"] = ["Engine", "Cluster", "Feed", "Reconciliation", "Telemetry", "Webhooks"],
        ["Client"] = [],
        ["OperatorConsole"] = ["Client"],
        ["Cli"] = ["Domain", "Engine", "Storage", "Gateways", "Cluster", "PspSimulator", "Reconciliation", "Simulation", "Telemetry", "Webhooks", "Api", "OperatorConsole"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateFiles(Repository.Sources, "*.csproj", SearchOption.AllDirectories)
        .Select(f => Path.GetFileNameWithoutExtension(f)["Millrace.".Length..])];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_what_stands_below_it(string project)
    {
        var allowed = Assert.Contains(project, (IDictionary<string, string[]>)MayUse);
        Assert.Empty(References(project, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p)["Millrace.".Length..]).Except(allowed));
    }

    // What others take into their programs brings nothing with it.
    [Theory]
    [InlineData("Domain")]
    [InlineData("Client")]
    public void The_domain_and_the_client_have_no_package(string project) => Assert.Empty(References(project, "PackageReference"));

    // Time, ids and randomness come in with each input: the same inputs give the same bytes.
    [Theory]
    [InlineData("Domain")]
    [InlineData("Engine")]
    public void The_core_reads_no_clock_and_draws_no_random_number(string project)
    {
        var offences = Repository.CodeOf($"Millrace.{project}")
            .SelectMany(f => File.ReadLines(f).Select((line, i) => $"{Path.GetFileName(f)}:{i + 1}: {line.Trim()}"))
            .Where(l => Impure().IsMatch(l));
        Assert.Empty(offences);
    }

    // HashCode is seeded per process: what it gives must not reach a decision.
    [GeneratedRegex(@"DateTime(Offset)?\.(Now|UtcNow|Today)|TimeProvider|Guid\.(NewGuid|CreateVersion7)|new Random|Random\.Shared|RandomNumberGenerator|"
        + @"Environment\.TickCount|Stopwatch|Thread\.Sleep|Task\.(Delay|Run)|HashCode\.Combine|Id\.GetHashCode\(\)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Impure();

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Repository.Sources, $"Millrace.{project}", $"Millrace.{project}.csproj"))
            .Descendants(kind).Select(e => e.Attribute("Include")!.Value.Replace('\\', '/'));
}
