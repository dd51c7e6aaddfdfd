using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Api;
using Millrace.Api.Auditing;
using Millrace.Api.Backups;
using Millrace.Api.Keys;
using Millrace.Api.Psp;
using Millrace.Cli.Serve;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Storage.Sqlite.Administration;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>The real edge on a real socket, over real partitions, with a store in memory.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    private const int Partitions = 4;
    private readonly string _directory = Directory.CreateTempSubdirectory("millrace-api").FullName;
    private WebApplication? _app;
    private HttpClient? _client;

    /// <summary>Whom its orders are paid with.</summary>
    public IPaymentGateway Gateway { get; init; } = new InstantPaymentGateway();

    /// <summary>What the next webhook is taken for.</summary>
    public PspWebhookResult NextWebhook { get; set; } = new PspWebhookResult.Ignored();

    /// <summary>What the next backup becomes.</summary>
    public RunningBackup? NextBackup { get; set; }

    /// <summary>What its auditor tells.</summary>
    public AuditorStatus Auditor { get; } = new(
        200, new AuditorSweep(DateTimeOffset.UnixEpoch, null, Partitions, 10, 0), new AuditorSweep(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1), Partitions, 20, 3),
        31, 1, 3, 2, 1, [new AuditorFinding(DateTimeOffset.UnixEpoch, 19, "the read model is the fold of the journal", "ord_1", "has columns that differ from its document")]);

    public string Management { get; } = $"http://127.0.0.1:{FreePort.Find()}";

    public ApiKeyStore Keys => _app!.Services.GetRequiredService<ApiKeyStore>();

    internal IServiceProvider Services => _app!.Services;

    public Uri Address => _client!.BaseAddress!;

    /// <summary>Of tenant acme, with every scope.</summary>
    public string AdminKey { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var store = new MemoryStore(new MemoryDisk(Partitions));
        builder.Services.AddSingleton<IJournal>(store).AddSingleton<IJournalFeed>(store).AddSingleton<IReadModel>(store).AddSingleton<IStockPages>(store).AddSingleton(TimeProvider.System)
            .AddSingleton(Gateway).AddSingleton<Catalog>().AddSingleton<LaneMetrics>()
            .AddSingleton(new PartitionRuntimeOptions()).AddSingleton<PartitionRuntime>().AddSingleton<PartitionRouter>()
            .AddSingleton<IAdministration>(_ => SqliteAdministration.Open(_directory)).AddSingleton(s => (IRecords)s.GetRequiredService<IAdministration>()).AddSingleton<AuditLog>().AddSingleton<ApiKeyStore>()
            .AddSingleton<PspWebhookParser>((_, _, _) => NextWebhook)
            .AddSingleton<AuditorReader>(_ => () => Auditor)
            .AddSingleton<BackupStarter>(_ => NextBackup ?? throw new InvalidOperationException("No backup was expected."));
        builder.Services.AddMillraceApi(new ApiOptions { HasNoopEndpoint = true, ManagementUrl = Management });
        _app = builder.Build();
        _app.MapMillraceApi();
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.First(url => url != Management)) };
        AdminKey = NewKey("acme", Scopes.Admin | Scopes.SystemOperate);
        await StartPartitionsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_app is not null)
        {
            // Or its services still write into the folder.
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    public string NewKey(string tenant, Scopes scopes) => Task.Run(() => NewKeyAsync(tenant, scopes)).GetAwaiter().GetResult();

    private async Task<string> NewKeyAsync(string tenant, Scopes scopes) => Assert.IsType<KeyOutcome.Made>(await Keys.CreateAsync(
        TenantId.Parse(tenant), Guid.NewGuid().ToString("N"), scopes, null, new Actor(ActorKind.Operator, "test"), null, CancellationToken.None)).Text;

    /// <param name="key">API key; the admin's when null, none when empty.</param>
    /// <param name="headers">Name, colon, value.</param>
    public async Task<ApiAnswer> SendAsync(
        string method, string path, string? body = null, string? key = null, string contentType = "application/json", params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not "")
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key ?? AdminKey);
        if (body is not null)
        {
            // A large body is not sent before the server has seen the headers: it may refuse by them alone.
            request.Headers.ExpectContinue = body.Length > 1 << 20;
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach (var header in headers)
        {
            var split = header.IndexOf(':', StringComparison.Ordinal);
            request.Headers.TryAddWithoutValidation(header[..split], header[(split + 1)..].Trim());
        }

        using var response = await _client!.SendAsync(request);
        var answer = await ApiAnswer.ReadAsync(response);
        OpenApi.Contract.Hold(method, path, answer);
        return answer;
    }

    public Task<ApiAnswer> PostAsync(string path, string body, string idempotencyKey, params string[] headers) =>
        SendAsync("POST", path, body, null, "application/json", [$"Idempotency-Key: {idempotencyKey}", .. headers]);

    /// <summary>An item with stock, sold at 2.50 EUR.</summary>
    public async Task StockAsync(string sku, int units)
    {
        Assert.Equal(201, (await SendAsync("PUT", $"/v1/items/{sku}", """{"name":"Mug","price":250,"currency":"EUR"}""")).Status);
        var adjusted = await PostAsync("/v1/stock/adjustments", $$"""{"sku":"{{sku}}","delta":{{units}},"reason":"receipt"}""", Guid.NewGuid().ToString());
        Assert.Equal(200, adjusted.Status);
    }

    private async Task StartPartitionsAsync()
    {
        var runtime = _app!.Services.GetRequiredService<PartitionRuntime>();
        for (var i = 0; i < Partitions; i++)
            runtime.Start(i);
        // Readiness is the edge's own word for it.
        while ((await SendAsync("GET", "/readyz", key: "")).Status != 200)
            await Task.Yield();
    }
}
