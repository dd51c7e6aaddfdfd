using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Millrace.Gateways.Psp;
using Millrace.PspSimulator;

namespace Millrace.Tests.PspSimulator;

/// <summary>A real simulator on a free port of loopback, with its record in a folder of its own.</summary>
internal sealed class PspHost : IAsyncDisposable
{
    public const string Secret = "a-shared-secret-of-a-test";

    private readonly bool _ownsFolder;
    private WebApplication? _app;

    private PspHost(WebApplication app, string folder, bool ownsFolder)
    {
        _app = app;
        _ownsFolder = ownsFolder;
        Folder = folder;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public string Folder { get; }

    public string RecordFile => Path.Combine(Folder, "psp.ndjson");

    public HttpClient Http { get; }

    public Uri Address => Http.BaseAddress!;

    public static Task<PspHost> StartAsync(TimeProvider? time = null, Uri? webhooks = null, string? key = null) =>
        StartAsync(Directory.CreateTempSubdirectory("psp-").FullName, ownsFolder: true, time, webhooks, key);

    /// <summary>On a folder that a test prepared; removed in the end.</summary>
    public static Task<PspHost> StartOnAsync(string folder) => StartAsync(folder, ownsFolder: true, time: null, webhooks: null);

    /// <summary>A second life on the folder of a stopped host, which still removes it in the end.</summary>
    public static Task<PspHost> StartAgainAsync(PspHost stopped, TimeProvider? time = null) =>
        StartAsync(stopped.Folder, ownsFolder: false, time, webhooks: null);

    public static PspServerOptions Options(string folder, TimeProvider? time = null, Uri? webhooks = null, string? key = null) => new()
    {
        DataDirectory = folder,
        Urls = "http://127.0.0.1:0",
        Seed = 7,
        Time = time ?? TimeProvider.System,
        WebhookUrl = webhooks,
        Key = key,
        WebhookSecret = webhooks is null ? null : Secret,
    };

    public async Task<Answer> PostAsync(string path, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Idempotency-Key", key);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer(response.StatusCode, text, response.Headers.Contains("Idempotent-Replayed"));
    }

    public Task<Answer> AuthorizeAsync(string key, long amount = 500, string token = "tok_visa") =>
        PostAsync("/v1/authorizations", key, $$"""{"reference":"{{key}}","order":"ord_1","amount":{{amount}},"currency":"EUR","token":"{{token}}"}""");

    public Task<Answer> FollowUpAsync(string authorization, string action, string key, long? amount = null) =>
        PostAsync($"/v1/authorizations/{authorization}/{action}", key,
            amount is null ? $$"""{"reference":"{{key}}"}""" : $$"""{"reference":"{{key}}","amount":{{amount}}}""");

    public async Task<HttpStatusCode> PutFaultsAsync(string faults)
    {
        using var body = new StringContent(faults, Encoding.UTF8, "application/json");
        using var response = await Http.PutAsync("/faults", body);
        return response.StatusCode;
    }

    public async Task<List<PspRecord>> RecordsAsync()
    {
        var records = new List<PspRecord>();
        await foreach (var record in new PspRecordReader(Http).ReadAllAsync(Address, CancellationToken.None))
            records.Add(record);
        return records;
    }

    public async Task<JsonArray> LookUpAsync(string reference) =>
        (await Http.GetFromJsonAsync<JsonArray>($"/v1/operations?reference={reference}"))!;

    /// <summary>Stops in order and lets go of the record; the folder stays until this host is disposed.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is not { } app)
            return;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Http.Dispose();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }

    private static async Task<PspHost> StartAsync(string folder, bool ownsFolder, TimeProvider? time, Uri? webhooks, string? key = null)
    {
        var app = PspServer.Build(Options(folder, time, webhooks, key));
        await app.StartAsync();
        return new PspHost(app, folder, ownsFolder);
    }
}

internal sealed record Answer(HttpStatusCode Status, string Body, bool IsReplayed)
{
    public string Id => JsonNode.Parse(Body)!["id"]!.GetValue<string>();

    public string Code => JsonNode.Parse(Body)!["code"]!.GetValue<string>();
}
