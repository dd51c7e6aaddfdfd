using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Doctor;

/// <summary>A running server: whether it lives and serves, what it says of itself, and its clock.</summary>
internal static class ServerCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Finding>> OfAsync(Uri url, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = Patience };
        var findings = new List<Finding>();
        try
        {
            var live = At(url, "/livez");
            var earliest = TimeProvider.System.GetUtcNow();
            using var alive = await http.GetAsync(live, cancellation);
            var latest = TimeProvider.System.GetUtcNow();
            findings.Add(Finding.Of("server", alive.IsSuccessStatusCode, Verdict.Fail,
                string.Create(CultureInfo.InvariantCulture, $"GET /livez: {(int)alive.StatusCode} after {(latest - earliest).TotalMilliseconds:0} ms"),
                "its process must answer", $"curl -i {Curl.Quoted(live.AbsoluteUri)}"));
            // HTTP tells whole seconds, and Kestrel renews them once a second.
            if (alive.Headers.Date is { } date)
                findings.Add(ClockCheck.Against("server clock", date, earliest, latest, TimeSpan.FromSeconds(2)));
            findings.Add(await OfReadinessAsync(http, url, cancellation));
            findings.Add(await OfContractAsync(http, url, cancellation));
        }
        catch (Exception silent) when (silent is HttpRequestException or SocketException || (silent is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            findings.Add(new Finding("server", Verdict.Fail, $"{url.AbsoluteUri.TrimEnd('/')} is not reached: {silent.Message}", "nobody can place an order", "millrace serve --data DIR"));
        }

        return findings;
    }

    // As the commands do: what the URL ends with, as behind a proxy, stays in it.
    private static Uri At(Uri url, string path) => ApiRequest.Get(path).At(url);

    private static async Task<Finding> OfReadinessAsync(HttpClient http, Uri url, CancellationToken cancellation)
    {
        var address = At(url, "/readyz");
        using var ready = await http.GetAsync(address, cancellation);
        var body = (await ready.Content.ReadAsStringAsync(cancellation)).ReplaceLineEndings(" ");
        var verdict = !ready.IsSuccessStatusCode ? Verdict.Fail : body.Contains("degraded", StringComparison.Ordinal) ? Verdict.Warn : Verdict.Ok;
        return new Finding("ready", verdict, $"GET /readyz: {(int)ready.StatusCode} {(body.Length > 200 ? body[..200] : body)}",
            "all partitions must serve, with nothing away that they use", verdict == Verdict.Ok ? null : $"curl -s {Curl.Quoted(address.AbsoluteUri)}; millrace cluster partitions");
    }

    // The contract's version is what the server tells without a key; that of its build it tells nobody.
    private static async Task<Finding> OfContractAsync(HttpClient http, Uri url, CancellationToken cancellation)
    {
        var address = At(url, "/openapi/v1.json");
        using var contract = await http.GetAsync(address, cancellation);
        var version = contract.IsSuccessStatusCode ? VersionOf(await contract.Content.ReadAsByteArrayAsync(cancellation)) : null;
        var own = FileVersionInfo.GetVersionInfo(typeof(ServerCheck).Assembly.Location).ProductVersion;
        return Finding.Of("version", version == "v1", Verdict.Warn,
            $"the server speaks API {version ?? "of no known version"}; this program is {own?.Split('+')[0]} and speaks v1", "another API answers otherwise than the commands expect",
            $"curl -s {Curl.Quoted(address.AbsoluteUri)} | head -c 300");
    }

    private static string? VersionOf(byte[] document)
    {
        try
        {
            using var parsed = JsonDocument.Parse(document);
            return parsed.RootElement.Find("info")?.Text("version");
        }
        catch (JsonException)
        {
            // Another program answered: it speaks no version of ours.
            return null;
        }
    }
}
