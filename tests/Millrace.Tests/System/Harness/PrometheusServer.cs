using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;

namespace Millrace.Tests.EndToEnd;

/// <summary>A real Prometheus that scrapes one server, on a port of its own, gone when this object is.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http;
    private ChildProcess? _process;

    private PrometheusServer(int port) => _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}") };

    /// <param name="rulesFile">Evaluated as it is.</param>
    /// <param name="every">Between scrapes, and between evaluations.</param>
    /// <param name="port">Where it listens; null for a free one.</param>
    public static async Task<PrometheusServer> StartAsync(Uri server, string rulesFile, TimeSpan every, int? port = null)
    {
        var prometheus = new PrometheusServer(port ?? FreePort.Find());
        try
        {
            await prometheus.RunAsync(server, rulesFile, every.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s");
            return prometheus;
        }
        catch
        {
            await prometheus.DisposeAsync();
            throw;
        }
    }

    /// <summary>An instant query. Throws where the expression is not well-formed.</summary>
    public async Task<JsonArray> QueryAsync(string expression)
    {
        using var answer = await _http.GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(expression));
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (string?)body["status"] == "success"
            ? body["data"]!["result"]!.AsArray()
            : throw new InvalidOperationException($"{expression}: {body["error"]}");
    }

    /// <summary>Names of the alerts that fire.</summary>
    public async Task<string[]> FiringAsync()
    {
        using var answer = await _http.GetAsync("/api/v1/alerts");
        return [.. JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["data"]!["alerts"]!.AsArray()
            .Where(alert => (string?)alert!["state"] == "firing").Select(alert => (string)alert!["labels"]!["alertname"]!)];
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task RunAsync(Uri server, string rulesFile, string every)
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(_folder["prometheus.yml"], $"""
            global: {"{"} scrape_interval: {every}, scrape_timeout: {every}, evaluation_interval: {every} {"}"}
            rule_files: ['{rulesFile}']
            scrape_configs:
              - job_name: millrace
                static_configs: [{"{"} targets: ['{server.Authority}'] {"}"}]
            """);
        _process = new ChildProcess(new ProcessStartInfo("/usr/bin/prometheus", [
            "--config.file", _folder["prometheus.yml"], "--storage.tsdb.path", _folder["data"], "--web.listen-address", _http.BaseAddress!.Authority, "--log.level", "warn",
        ]));
        await Eventually.Async(IsReadyAsync, "Prometheus is ready");
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException(_process.Words);
        try
        {
            using var answer = await _http.GetAsync("/-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
