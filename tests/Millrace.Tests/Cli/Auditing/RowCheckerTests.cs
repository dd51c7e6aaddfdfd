using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Checkers;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Cli.Auditing;

/// <summary>Each way in which a row that the store itself takes for whole can be wrong.</summary>
public sealed class RowCheckerTests
{
    private static readonly OrderEvent[] Reserved =
    [
        new OrderEvent.Placed(Given.Placement()),
        new OrderEvent.ReservationRequested([new StockPartLines(0, [0])]),
        new OrderEvent.StockReserved(0, [new StockTake("tea", "main", 1)]),
    ];

    private static readonly OrderEvent[] Authorized =
    [
        .. Reserved, new OrderEvent.PaymentRequested(PaymentStep.Authorize, 1, 1_000), new OrderEvent.PaymentSucceeded(PaymentStep.Authorize, 1, "auth"),
    ];

    private static readonly OrderEvent[] Confirmed = [.. Authorized, new OrderEvent.StockMoveRequested(StockStep.Allocate), new OrderEvent.Confirmed()];

    public static TheoryData<int, string, OrderRow> Wrong => new()
    {
        { 19, "the status", RowOf(Confirmed) with { Status = OrderStatus.Canceled } },
        { 19, "the version", RowOf(Confirmed) with { Version = 6 } },
        { 19, "the customer", RowOf(Confirmed) with { CustomerId = "c2" } },
        { 19, "the next date", RowOf(Confirmed) with { DueAtUnixMs = 1 } },
        { 19, "what a person is asked", RowOf(Confirmed) with { Attention = "payment_unknown" } },
        { 19, "the tenant", RowOf(Confirmed) with { Tenant = Given.Other } },
        { 19, "no event", RowOf(Confirmed) with { Document = default } },
        { 19, "no document", RowOf(Confirmed) with { Document = new byte[] { 1, 2, 3 } } },
        { 19, "an event of a part that is not there", RowOf(Confirmed) with { Document = Document([.. Confirmed, new OrderEvent.StockMoved(7, StockStep.Deduct)]) } },
        { 12, "events before the first", RowOf(Confirmed) with { Document = Document(new OrderEvent.Confirmed()) } },
        { 12, "two first events", RowOf(Confirmed) with { Document = Document([.. Confirmed, Confirmed[0]]) } },
        { 6, "more captured than authorized", RowOf(
            [.. Confirmed, new OrderEvent.PaymentRequested(PaymentStep.Capture, 1, 1_001), new OrderEvent.PaymentSucceeded(PaymentStep.Capture, 1, "capture")]) },
        { 6, "confirmed without money", RowOf([.. Reserved, new OrderEvent.StockMoveRequested(StockStep.Allocate), new OrderEvent.Confirmed()]) },
        { 3, "a second authorization", RowOf([.. Authorized, new OrderEvent.PaymentRequested(PaymentStep.Authorize, 2, 1_000)]) },
        { 4, "confirmed without stock", RowOf([Confirmed[0], .. Confirmed[3..5], new OrderEvent.Confirmed()]) },
        { 14, "ended with stock", RowOf([.. Reserved, new OrderEvent.ClosingStarted(new Closing(OrderStatus.Canceled, "canceled", null)), new OrderEvent.Closed()]) },
        { 14, "ended with money", RowOf(
            [Confirmed[0], .. Confirmed[3..5], new OrderEvent.ClosingStarted(new Closing(OrderStatus.Rejected, "x", null)), new OrderEvent.Closed()]) },
        { 5, "completed and still on the shelf", RowOf([.. Confirmed, new OrderEvent.Completed()]) },
        { 15, "given up before its time", RowOf([.. Reserved, new OrderEvent.ClosingStarted(new Closing(OrderStatus.Expired, "reservation_expired", null))]) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_with_an_order_is_found(int invariant, string what, OrderRow row)
    {
        var found = Judge(checker => checker.Take(row));
        Assert.True(found.Exists(violation => violation.Invariant == invariant && violation.Subject == row.Id.ToString()), $"{what}: {string.Join(", ", found)}");
    }

    [Fact]
    public void Each_event_of_a_sound_order_leaves_a_sound_row()
    {
        for (var events = 1; events <= Confirmed.Length; events++)
            Assert.Empty(Judge(checker => checker.Take(RowOf(Confirmed[..events]))));
    }

    [Fact]
    public void An_order_that_is_not_where_its_key_belongs_is_found()
    {
        var report = new CheckReport();
        new RowChecker(64, report).Take(RowOf(Confirmed));
        Assert.Equal(2, Assert.Single(report.Violations).Invariant);
    }

    public static TheoryData<int, StockLevel, int> Counters => new()
    {
        { 20, new StockLevel("main", 10, -1, 0), 0 },
        { 20, new StockLevel("main", 10, 0, -1), 0 },
        { 4, new StockLevel("main", 10, 6, 5), 0 },
        { 4, new StockLevel("main", 10, 0, 0), 1 },
    };

    [Theory]
    [MemberData(nameof(Counters))]
    public void What_is_wrong_with_an_item_is_found(int invariant, StockLevel level, int partition)
    {
        var found = Assert.Single(Judge(checker => checker.Take(partition, ItemOf(level))));
        Assert.Equal((invariant, "acme/tea"), (found.Invariant, found.Subject));
    }

    [Fact]
    public void An_item_may_be_backordered_up_to_its_limit_and_one_that_is_no_item_is_found()
    {
        Assert.Empty(Judge(checker => checker.Take(0, ItemOf(new StockLevel("main", -3, 0, 2), backorderLimit: 5))));
        Assert.Equal(19, Assert.Single(Judge(checker => checker.Take(0, new StockRow(Given.Acme, "tea", new byte[] { 9 })))).Invariant);
    }

    private static List<Violation> Judge(Action<RowChecker> take)
    {
        var report = new CheckReport();
        take(new RowChecker(1, report));
        return [.. report.Violations];
    }

    /// <summary>With the columns that come of the events.</summary>
    private static OrderRow RowOf(params OrderEvent[] events)
    {
        var (id, document) = (Given.Id(), Document(events));
        var order = OrderDocument.Fold(id, document)!;
        return new OrderRow(id, Given.Acme, order.Status, order.Version, order.Placement.Buyer.CustomerId, order.DueAtUnixMs, order.Parked?.Code, document);
    }

    private static ReadOnlyMemory<byte> Document(params OrderEvent[] events)
    {
        var writer = new PayloadWriter();
        OrderDecisionCodec.Write(writer, new EventContext(Given.NowMs, Actor.System, null), [.. events]);
        return writer.Written.ToArray();
    }

    private static StockRow ItemOf(StockLevel level, long backorderLimit = 0)
    {
        var writer = new PayloadWriter();
        StockEventCodec.WriteItem(writer, new StockItem(Given.Acme, "tea", "Tea", 1_000, "EUR", backorderLimit, [level], 1));
        return new StockRow(Given.Acme, "tea", writer.Written.ToArray());
    }
}
