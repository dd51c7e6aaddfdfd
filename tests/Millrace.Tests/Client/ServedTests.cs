using Millrace.Api.Keys;
using Millrace.Client;
using Millrace.Client.ApiKeys;
using Millrace.Client.Events;
using Millrace.Client.Items;
using Millrace.Client.Limits;
using Millrace.Client.Orders;
using Millrace.Client.Stock;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.Client;

/// <summary>The client and a real server, over real sockets.</summary>
public sealed class ServedTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_order_is_placed_replayed_listed_and_canceled()
    {
        using var client = Client();
        var sku = await StockAsync(client, "CLIENT-1");
        var key = new CallOptions { IdempotencyKey = "placed, \"once\"" };
        var placed = await client.Orders.PlaceAsync(Order(sku), Settled, key);
        Assert.Equal((201, OrderStatus.Confirmed, false, 250), (placed.Status, placed.Value.Status, placed.IsReplayed, placed.Value.Total));
        var again = await client.Orders.PlaceAsync(Order(sku), Settled, key);
        Assert.Equal((true, placed.Value.Id), (again.IsReplayed, again.Value.Id));

        Assert.True((await client.Orders.GetAsync(placed.Value.Id, ifNoneMatch: placed.ETag)).IsNotModified);
        var stale = await Assert.ThrowsAsync<MillraceProblemException>(() => client.Orders.CancelAsync(placed.Value.Id, options: new CallOptions { IfMatch = "\"1\"" }));
        Assert.Equal((412, "version_mismatch"), (stale.Status, stale.Code));
        var canceled = await client.Orders.CancelAsync(placed.Value.Id, "changed their mind", new CallOptions { IfMatch = placed.ETag });
        Assert.NotNull(canceled.Value.Closing);
        var watched = await client.Orders.WatchAsync(placed.Value.Id, TimeSpan.FromMilliseconds(10)).ToListAsync();
        Assert.Equal(OrderStatus.Canceled, watched[^1].Status);
        Assert.True((await client.Orders.ListEventsAsync(placed.Value.Id)).Value.Data.Count > 5);
    }

    [Fact]
    public async Task Lists_turn_their_pages_themselves()
    {
        using var client = Client();
        var sku = await StockAsync(client, "CLIENT-2");
        var rows = Enumerable.Range(0, 5).Select(i => new BatchRow($"row-{i}", Order(sku, "lister"))).ToList();
        var taken = (await client.Orders.PlaceManyAsync(rows)).Value.Data;
        Assert.All(taken, row => Assert.Equal(202, row.Status));
        var seen = string.Join(',', taken.Select(row => row.ConsistencyToken));
        var filter = new OrderFilter { Customer = "lister", PageSize = 2, ConsistencyToken = seen };
        var listed = await client.Orders.ListAsync(filter).Select(order => order.Id).ToListAsync();
        Assert.Equal(taken.Select(row => row.Order!.Id).OrderDescending(StringComparer.Ordinal), listed);
        Assert.True(await client.Audit.ListAsync(pageSize: 1).AnyAsync());
    }

    [Fact]
    public async Task Who_follows_is_told_of_an_order_from_its_first_event_to_its_last()
    {
        using var client = Client();
        var sku = await StockAsync(client, "CLIENT-3");
        var from = (await client.Events.ListPageAsync(EventsClient.Now)).Value.NextCursor;
        var placed = await client.Orders.PlaceAsync(Order(sku), Settled);

        var told = await client.Events.FollowAsync(from).Select(followed => followed.Event).Where(e => e.Subject == placed.Value.Id).Take(placed.Value.Version).ToListAsync();

        Assert.Equal(("order.placed.v1", "order.confirmed.v1"), (told[0].Type, told[^1].Type));
        Assert.Equal(Enumerable.Range(1, placed.Value.Version).Select(version => $"{version}"), told.Select(e => e.Sequence));
        var page = (await client.Events.ListPageAsync(from, new EventFilter { Types = ["order.confirmed.v1"] })).Value;
        Assert.Equal(told[^1].Id, Assert.Single(page.Data, e => e.Subject == placed.Value.Id).Id);
    }

    [Fact]
    public async Task A_refusal_names_the_fields_and_the_trace()
    {
        using var client = Client();
        var refused = await Assert.ThrowsAsync<MillraceProblemException>(() => client.Orders.PlaceAsync(Order("no-such-item")));
        Assert.Equal((422, "unknown_sku", false), (refused.Status, refused.Code, refused.IsTransient));
        Assert.Equal("/lines/0/sku", Assert.Single(refused.Errors).Pointer);
        Assert.NotNull(refused.TraceId);
        Assert.Contains("/lines/0/sku", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_is_waited_for_as_long_as_the_server_says()
    {
        using var client = Client();
        await client.Limits.PutAsync("slow", new TenantLimits(new Rate(1, 1), new Rate(1_000, 1_000)));
        using var slow = Client(server.NewKey("slow", Scopes.Admin));
        var clock = TimeProvider.System.GetTimestamp();
        Assert.Equal(200, (await slow.ApiKeys.ListAsync()).Status);
        Assert.Equal(200, (await slow.ApiKeys.ListAsync()).Status);
        // One a second, and Retry-After says so: a client that came back at once would have been refused again and again.
        Assert.True(TimeProvider.System.GetElapsedTime(clock) >= TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_new_key_is_shown_once_and_never_by_its_record()
    {
        using var client = Client();
        var made = (await client.ApiKeys.CreateAsync(new NewApiKey("robot", ["orders:read"]))).Value;
        Assert.DoesNotContain(made.Key!, made.ToString(), StringComparison.Ordinal);
        using var robot = Client(made.Key);
        Assert.Equal("insufficient_scope", (await Assert.ThrowsAsync<MillraceProblemException>(() => robot.ApiKeys.ListAsync())).Code);
        await client.ApiKeys.RevokeAsync(made.Id);
        Assert.Equal(401, (await Assert.ThrowsAsync<MillraceProblemException>(() => robot.Orders.GetAsync("ord_x"))).Status);
    }

    [Fact]
    public void Nothing_secret_is_in_the_words_of_a_record()
    {
        Assert.DoesNotContain("tok_visa", Order("A").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.AdminKey, new MillraceClientOptions { BaseAddress = server.Address, ApiKey = server.AdminKey }.ToString(), StringComparison.Ordinal);
    }

    private static NewOrder Order(string sku, string customer = "c1") => new()
    {
        Customer = new NewCustomer(customer), Currency = "EUR", Lines = [new NewOrderLine(sku, 1)], Payment = new NewPayment("tok_visa"),
    };

    private static async Task<string> StockAsync(MillraceClient client, string sku)
    {
        Assert.Equal(201, (await client.Items.PutAsync(sku, new NewItem("Mug", 250, "EUR"))).Status);
        Assert.Equal(50, (await client.Stock.AdjustAsync(new StockAdjustment(sku, 50, "receipt"))).Value.Available);
        return sku;
    }

    private MillraceClient Client(string? key = null) => new(new MillraceClientOptions { BaseAddress = server.Address, ApiKey = key ?? server.AdminKey });
}
