using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Millrace.Api.Keys;
using Millrace.Api.Webhooks;
using Millrace.Engine.Administration;
using Millrace.Feed;
using Millrace.Tests.Domain;
using Millrace.Webhooks;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>What the API reads and writes of deliveries' records.</summary>
public sealed class WebhookRecordsTests : IAsyncLifetime
{
    private static readonly Caller Caller = new(Given.Acme, Given.Shop, Scopes.Admin, "key");
    private readonly DeliveryNode _node = new();
    private readonly WebhookSender _sender = new(new WebhookOptions(), TimeProvider.System);
    private readonly SeenRecords _records;
    private readonly WebhookSettings _settings;
    private readonly WebhookDeliveries _deliveries;

    public WebhookRecordsTests()
    {
        _records = new SeenRecords(_node.Records);
        var stored = new DeliveryRecords(_records);
        _settings = new WebhookSettings(new WebhookOptions(), _node.Endpoints, _node.Secrets, stored, new FollowedFeed(new EventFeed(_node.Journal)), _node.Time);
        _deliveries = new WebhookDeliveries(_node.Endpoints, _node.Secrets, stored, _sender, _node.Time);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        await _node.DisposeAsync();
    }

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

    [Fact]
    public async Task A_page_of_what_waits_reads_no_more_than_a_page_of_records()
    {
        await CreateAsync("a");
        var id = Assert.Single(_node.Endpoints.Of(Given.Acme)).Id;
        for (var i = 0; i < IRecords.MaxPage + 50; i++)
        {
            var waiting = new WaitingEvent($"1:{i:D3}:0", "ord_1", 1, "order.placed.v1", 1) { IsFailed = i % 5 == 0 };
            await _node.Records.TryWriteRecordAsync(new StoredRecord("webhook_waiting", $"{id}/{waiting.Id}", 0, waiting.Write("{}"u8)), TestContext.Current.CancellationToken);
        }

        // Of somebody else.
        await _node.Records.TryWriteRecordAsync(new StoredRecord("webhook_waiting", "whk_zzzzzzzzzzzz/1:0:0", 0, new WaitingEvent("1:0:0", "ord_2", 1, "order.placed.v1", 1).Write("{}"u8)), TestContext.Current.CancellationToken);
        foreach (var (outcome, each) in new[] { ("waiting", 4), ("failed", 1) })
        {
            var (first, read) = await ListAsync(id, outcome, null);
            Assert.Equal((40 * each, IRecords.MaxPage), (first["data"]!.AsArray().Count, read));
            (var second, read) = await ListAsync(id, outcome, (string?)first["next_cursor"]);
            Assert.Equal((10 * each, 51), (second["data"]!.AsArray().Count, read));
            Assert.Null(second["next_cursor"]);
            Assert.Equal(50 * each, first["data"]!.AsArray().Concat(second["data"]!.AsArray()).Select(row => (string)row!["event_id"]!).Distinct().Count());
        }
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

    private async Task<(JsonNode Page, int Read)> ListAsync(string id, string outcome, string? cursor)
    {
        var (http, before) = (Request("GET"), _records.Read);
        http.Request.RouteValues["webhook"] = id;
        http.Request.QueryString = new QueryString($"?outcome={outcome}" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)));
        await _deliveries.ListAsync(http, Caller);
        await http.Response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        return (JsonNode.Parse(Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray()))!, _records.Read - before);
    }

    private static DefaultHttpContext Request(string method) => new() { Request = { Method = method }, Response = { Body = new MemoryStream() } };

    private sealed class SeenRecords(IRecords records) : IRecords
    {
        /// <summary>How many were read in lists.</summary>
        public int Read { get; private set; }

        /// <summary>Ids, each as often as it was written.</summary>
        public List<string> Written { get; } = [];

        public Action OnWrite { get; set; } = () => { };

        public async ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation)
        {
            var page = await records.ListRecordsAsync(kind, after, most, cancellation);
            Read += page.Count;
            return page;
        }

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
