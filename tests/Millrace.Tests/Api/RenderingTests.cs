using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Api.Caching;
using Millrace.Api.Documentation;
using Millrace.Api.Edge;
using Millrace.Api.Items;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Tracking;
using Millrace.Domain.Identity;
using Millrace.Domain.Money;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class RenderingTests
{
    private static readonly OrderId Id = OrderId.Create(1_769_860_800_000, 7, 42);

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    [Fact]
    public void The_same_order_is_rendered_to_the_same_bytes()
    {
        var order = Rich();
        Assert.Equal(Render(order), Render(order with { Version = order.Version }));
    }

    [Fact]
    public void Every_answer_is_what_the_OpenAPI_document_says()
    {
        var plain = Order.Evolve(Id, null, new OrderEvent.Placed(Placement()), new EventContext(1, Actor.System));
        Assert.Null(Read<OrderShape>(Render(plain)).Fulfillment);
        var order = Read<OrderShape>(Render(Rich()));
        Assert.Equal(Id.ToString(), order.Id);
        Assert.Equal(("canceled", "unknown", "delivered"), (order.Status, order.PaymentStatus, order.FulfillmentStatus));
        Assert.Equal("h1", Assert.Single(order.Holds).Id);
        Assert.Equal("payment_unknown", order.Attention!.Code);
        // It waits for a person, and not for a time.
        Assert.Null(order.Payment.NextAttemptAt);
        var waiting = Rich();
        waiting = waiting with { Parked = null, Payment = waiting.Payment with { Pending = new PendingPayment(PaymentStep.Refund, 1, 10, Attempts: 3, RetryAtUnixMs: 1_769_860_800_500) } };
        var payment = Read<OrderShape>(Render(waiting)).Payment;
        Assert.Equal((3, DateTimeOffset.FromUnixTimeMilliseconds(1_769_860_800_500)), (payment.Attempts, payment.NextAttemptAt!.Value));
        Assert.Equal("Zoë \"Z\"", order.Customer.Name);
        var item = new StockItem(TenantId.Parse("acme"), "A", "Mug", 250, "EUR", 5, [new StockLevel("main", 10, 2, 3)], 4);
        Assert.Equal(5, Assert.Single(Read<ItemShape>(Text(Answer.Render(item, ItemJson.Write))).Stock).Available);
        Assert.True(Read<AvailabilityShape>(Text(Answer.Render(Availability.Of(item, 0), ItemJson.WriteAvailability))).InStock);
    }

    [Theory]
    [InlineData(0, 0, 0, false, "not_paid")]
    [InlineData(100, 0, 0, false, "authorized")]
    [InlineData(100, 0, 0, true, "not_paid")]
    [InlineData(100, 60, 0, false, "partially_captured")]
    [InlineData(100, 100, 0, false, "captured")]
    [InlineData(100, 100, 40, false, "partially_refunded")]
    [InlineData(100, 100, 100, false, "refunded")]
    public void The_payment_status_is_derived(long authorized, long captured, long refunded, bool isVoided, string status)
    {
        var order = Rich() with
        {
            Parked = null,
            Payment = PaymentState.None with { AuthorizedMinor = authorized, CapturedMinor = captured, RefundedMinor = refunded, IsVoided = isVoided },
        };
        Assert.Equal(status, OrderNames.PaymentStatus(order));
        Assert.Equal("unknown", OrderNames.PaymentStatus(order with
        {
            Payment = order.Payment with { Pending = new PendingPayment(PaymentStep.Capture, 1, 5, Attempts: 0, 0, IsUnknown: true) },
        }));
    }

    [Fact]
    public void Every_kind_of_event_can_be_shown()
    {
        var kinds = typeof(OrderEvent).GetNestedTypes();
        Assert.NotEmpty(kinds);
        foreach (var kind in kinds)
        {
            var constructor = kind.GetConstructors().Single();
            var fact = (OrderEvent)constructor.Invoke([.. constructor.GetParameters().Select(p => Sample(p.ParameterType))]);
            var recorded = new Millrace.Engine.Codec.RecordedEvent(3, new EventContext(5, Actor.System), fact, EndsDecision: true);
            var shown = Read<EventShape>(Text(Answer.Render(recorded, OrderEventJson.Write)));
            Assert.StartsWith("order.", shown.Type, StringComparison.Ordinal);
        }
    }

    private static object? Sample(Type type) => type switch
    {
        _ when type == typeof(string) => "text",
        _ when type == typeof(int) => 1,
        _ when type == typeof(long) || type == typeof(long?) => 2L,
        _ when type == typeof(bool) => true,
        _ when type == typeof(PaymentStep) => PaymentStep.Capture,
        _ when type == typeof(StockStep) => StockStep.Deduct,
        _ when type == typeof(OrderPlacement) => Placement(),
        _ when type == typeof(Closing) => new Closing(OrderStatus.Canceled, "canceled", null),
        _ when type == typeof(OrderCommand) => new OrderCommand.ExternalIdAnswered(IsGranted: true),
        _ when type == typeof(StockTake[]) => new[] { new StockTake("A", "main", 1) },
        _ when type == typeof(StockPartLines[]) => new[] { new StockPartLines(0, [0]) },
        _ => throw new UnreachableException(type.Name),
    };

    private static OrderPlacement Placement() => new(
        TenantId.Parse("acme"), 1, 2, "PO-1", new Buyer("c1", "Zoë \"Z\"", null), new Address("Z", "1", null, "L", null, null, "GB"),
        Currency.Get("EUR"), [new LineItem("A", 2, 250, [new LineAmount("d", 50)], [new LineAmount("t", 90)])], 10, 550,
        new PaymentMethod("sim", "tok"), PlacementOptions.Default, [new("k", "v")]);

    private static Order Rich() => new(
        Id, Placement(), OrderStatus.Canceled, 1_769_860_800_000, ExternalIdStatus.Granted,
        [new Hold("h1", "fraud", "looks odd", "key_1", 5, null)], [],
        PaymentState.None with { AuthorizedMinor = 550, CapturedMinor = 550, RefundedMinor = 550 },
        new Fulfillment(7, "post", "T1", 8), new Closing(OrderStatus.Canceled, "canceled", "changed mind"),
        null)
    {
        Version = 9,
        UpdatedAtUnixMs = 1_769_860_800_500,
        SettledVersion = 4,
        Parked = new ParkedReason("payment_unknown", "time-out", 9),
    };

    private static readonly TrackingTokens Tokens = new(new StoreSecret(new byte[32]));

    private static string Render(Order order) => Text(Answer.Render(order, static (w, o) => OrderJson.Write(w, o, Tokens)));

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Strict)!;
}
