using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Browser.Tests;

// The namespace of the same name is nearer.
using PaymentProvider = Millrace.Tests.EndToEnd.PspSimulator;

/// <summary>One real node with a payment provider, and one real browser to look at it with.</summary>
public sealed class ConsoleServer : IAsyncLifetime
{
    public const string Sku = "MUG";
    private const string Chromium = "/usr/bin/chromium";
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private ServerSettings _settings = null!;
    private ServerProcess? _server;
    private PaymentProvider? _psp;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Everything, the installation too.</summary>
    public string Key { get; private set; } = "";

    /// <summary>May look at orders and stock.</summary>
    public string ViewerKey { get; private set; } = "";

    public Uri Address => _settings.Address;

    /// <summary>Fills the node's data folder before its first start.</summary>
    public Func<string, Task> Fill { get; init; } = static _ => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        var pspPort = FreePort.Find();
        _settings = new ServerSettings(_folder["node"]) { Psp = new Uri($"http://127.0.0.1:{pspPort}"), More = ["--node-name", "shop-1"] };
        await Fill(_settings.DataDirectory);
        // Before the first start: a server has to know no key later.
        Key = NewKey.Of(_settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        ViewerKey = NewKey.Of(_settings, "acme", Scopes.OrdersRead | Scopes.StockRead);
        _psp = await PaymentProvider.StartAsync(_folder["psp"], pspPort, _settings.WebhookAddress, _settings.WebhookSecret!);
        var server = ServerProcess.StartAsync(_settings);
        _playwright = await Playwright.CreateAsync();
        // The sandbox of the browser needs namespaces, which a container's root has not; it sees no page but ours.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
        _server = await server;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        await SendAsync(HttpMethod.Put, $"/v1/items/{Sku}", """{"name":"Mug","price":250,"currency":"EUR"}""");
        await SendAsync(HttpMethod.Post, "/v1/stock/adjustments", $$"""{"sku":"{{Sku}}","delta":100000,"reason":"receipt"}""");
    }

    /// <returns>The id of a job that holds the last order.</returns>
    public async Task<string> StartJobAsync() =>
        (string)(await SendAsync(HttpMethod.Post, "/v1/jobs", """{"action":"hold","query":{"created_after":"2000-01-01T00:00:00Z"},"reason":"recalled","limit":1}"""))["id"]!;

    /// <returns>The id of an order that was confirmed.</returns>
    public async Task<string> PlaceAsync()
    {
        var order = await SendAsync(HttpMethod.Post, "/v1/orders", $$$"""{"customer":{"id":"c-1"},"currency":"EUR","lines":[{"sku":"{{{Sku}}}","quantity":1}],"payment":{"token":"tok_visa"}}""");
        return (string)order["id"]!;
    }

    /// <summary>Until disposed, an order about every 40 ms, one after the other.</summary>
    public IAsyncDisposable Traffic() => new Shoppers(this);

    public Task KillAsync() => _server!.KillAsync();

    public async Task StartAgainAsync()
    {
        await _server!.DisposeAsync();
        _server = await ServerProcess.StartAsync(_settings);
    }

    /// <param name="scheme">Light or dark.</param>
    /// <param name="signInWith">Signed in already; null for nobody.</param>
    /// <param name="expected">Of the browser's complaints, those with these words are what the test is about.</param>
    public async Task<Tab> OpenAsync(ColorScheme scheme = ColorScheme.Light, string? signInWith = null, string? expected = null)
    {
        var context = await _browser!.NewContextAsync(new() { BaseURL = Address.ToString(), ColorScheme = scheme, ViewportSize = new() { Width = 1400, Height = 900 } });
        var tab = await Tab.OpenAsync(context, expected);
        if (signInWith is not null)
            await tab.SignInAsync(signInWith);
        return tab;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        if (_psp is not null)
            await _psp.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Headers.Add("Prefer", "wait=10");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{method} {path}: {text}");
    }

    private sealed class Shoppers : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _all;

        public Shoppers(ConsoleServer server) => _all = BuyAsync(server);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _all;
            _stop.Dispose();
        }

        private async Task BuyAsync(ConsoleServer server)
        {
            using var every = new PeriodicTimer(TimeSpan.FromMilliseconds(40));
            while (!_stop.IsCancellationRequested)
            {
                await server.PlaceAsync();
                await every.WaitForNextTickAsync();
            }
        }
    }
}
