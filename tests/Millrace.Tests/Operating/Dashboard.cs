using System.Text.Json.Nodes;
using Millrace.Tests.Architecture;

namespace Millrace.Tests.Operating;

/// <summary>The dashboard as it is checked in.</summary>
internal static class Dashboard
{
    private static readonly JsonNode Page = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "millrace.json")))!;

    public static IReadOnlyList<string> Rows { get; } = [.. Page["panels"]!.AsArray().Where(p => (string)p!["type"]! == "row").Select(p => (string)p!["title"]!)];

    public static IReadOnlyList<string> Expressions { get; } =
        [.. from panel in Page["panels"]!.AsArray() from target in panel!["targets"]?.AsArray() ?? [] select (string)target!["expr"]!];

    /// <summary>As Grafana would send it.</summary>
    public static string Filled(string expression) =>
        expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);
}
