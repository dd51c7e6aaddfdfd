using Microsoft.AspNetCore.Http;
using Millrace.Api.Keys;
using Millrace.Api.Webhooks;
using Millrace.Engine.Administration;
using Millrace.Feed;
using Millrace.Tests.Domain;
using Millrace.Webhooks;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>What the API reads and writes of deliveries' records.</summary>
public sealed class WebhookRecordsTests : IAsyncLifetime
{
    private static readonly Caller Caller = new(Given.Acme, Given.Shop, Scopes.Admin, "key");
    private readonly DeliveryNode _node = new();
    private readonly SeenRecords _records;
    private readonly WebhookSettings _settings;

    public WebhookRecordsTests()
    {
        _records = new SeenRecords(_node.Records);
        var stored = new DeliveryRecords(_records);
        _settings = new WebhookSettings(new WebhookOptions(), _node.Endpoints, _node.Secrets, stored, new FollowedFeed(new EventFeed(_node.Journal)), _node.Time);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Of_a_repeat_and_of_one_endpoint_too_many_nothing_is_written()
    {
        for (var i = 0; i < WebhookEndpoints.MaxPerTenant; i++)
            Assert.Equal(201, await CreateAsync($"k{i}"));
        Assert.Equal(WebhookEndpoints.MaxPerTenant, _records.Written.Count);
        Assert.Equal(200, await CreateAsync("k0"));
        Assert.Equal(409, await CreateAsync("one more"));
        Assert.Equal(_node.Endpoints.Of(Given.Acme).Select(endpoint => endpoint.Id).Order(StringComparer.Ordinal), _records.Written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_leaves_in_the_middle_leaves_no_record_of_nothing()
    {
        using var gone = new CancellationTokenSource();
        _records.OnWrite = gone.Cancel;
        await Record.ExceptionAsync(() => CreateAsync("left", gone.Token));
        Assert.Equal(Assert.Single(_records.Written), Assert.Single(_node.Endpoints.Of(Given.Acme)).Id);
    }

    private async Task<int> CreateAsync(string key, CancellationToken aborted = default)
    {
        var http = Request("POST");
        http.RequestAborted = aborted;
        http.Request.Headers["Idempotency-Key"] = $"\"{key}\"";
        http.Request.ContentType = "application/json";
        http.Request.Body = new MemoryStream("""{"url":"https://shop.invalid/"}"""u8.ToArray());
        await _settings.CreateAsync(http, Caller);
        return http.Response.StatusCode;
    }

    private static DefaultHttpContext Request(string method) => new() { Request = { Method = method }, Response = { Body = new MemoryStream() } };

    private sealed class SeenRecords(IRecords records) : IRecords
    {
        /// <summary>Ids, each as often as it was written.</summary>
        public List<string> Written { get; } = [];

        public Action OnWrite { get; set; } = () => { };

        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation) => records.ListRecordsAsync(kind, after, most, cancellation);

        public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation) => records.FindRecordAsync(kind, id, cancellation);

        public async ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
        {
            var written = await records.TryWriteRecordAsync(record, cancellation);
            Written.Add(record.Id);
            OnWrite();
            return written;
        }

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) => records.TryDeleteRecordAsync(kind, id, version, cancellation);
    }
}
