using System.Text.Json;

namespace Millrace.Cli.Torture;

/// <summary>What the nodes' auditors found while everything was being broken: a promise that is broken, or a false alarm; either is one too many.</summary>
internal static class AuditorComplaints
{
    // Ten times the usual: what a node's short life lets it see.
    public static readonly string[] Arguments = ["--audit-rate", "2000"];

    /// <param name="node">That serves; asked with a key that may operate.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>In words.</returns>
    public static async Task<IReadOnlyList<string>> OfAsync(HttpClient node, CancellationToken cancellation)
    {
        var status = await node.GetFromJsonAsync<JsonElement>("/v1/auditor", cancellation);
        return [.. status.GetProperty("findings").EnumerateArray().Select(found => $"auditor: promise {found.Text("invariant")}: {found.Text("subject")} {found.Text("what")}")];
    }
}
