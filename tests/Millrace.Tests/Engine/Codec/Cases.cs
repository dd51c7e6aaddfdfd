using Millrace.Domain.Identity;
using Millrace.Domain.Money;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;

namespace Millrace.Tests.Engine.Codec;

/// <summary>At least one of every stored thing, with each optional part there and not there. The golden files hold exactly these: append only.</summary>
internal static class Cases
{
    private static readonly OrderId Id = OrderId.Create(Given.NowMs, 4_095, 0x0123_4567_89AB_CDEF);
    private static readonly StockTake[] Takes = [new("tea", "main", 3), new("cup", "east", 1_000_000)];

    private static readonly OrderPlacement Full = new(
        Given.Acme, UInt128.MaxValue, 1, "W-1", new Buyer("c1", "Ada Lovelace", "ada@example.com"),
        new Address("Ada", "1 Road", null, "Żółw", "ZH", "8000", "CH"), Currency.Get("KWD"),
        [
            new LineItem("tea", 3, 1_000, [new LineAmount("loyal", 5)], [new LineAmount("vat", 7), new LineAmount("", 0)]),
            new LineItem("cup", 1_000_000, 0, [], []),
        ],
        490, 3_492, new PaymentMethod("psp", "tok_1"), new PlacementOptions(AllowBackorder: true, AllowSplit: true, 1), [new("a", "b"), new("", "🍵")]);

    public static IReadOnlyList<OrderEvent> OrderEvents { get; } =
    [
        new OrderEvent.Placed(Full),
        new OrderEvent.Placed(Given.Placement() with { Buyer = new Buyer(null, null, null), KeyHash = 0 }),
        new OrderEvent.ExternalIdRequested(4_095),
        new OrderEvent.ExternalIdGranted(),
        new OrderEvent.ExternalIdRefused(),
        new OrderEvent.ReservationRequested([new StockPartLines(0, [0, 2]), new StockPartLines(300, [1])]),
        new OrderEvent.StockReserved(1, Takes),
        new OrderEvent.StockReserved(0, []),
        new OrderEvent.StockRefused(2, "out_of_stock", "tea"),
        new OrderEvent.StockMoveRequested(StockStep.Allocate),
        new OrderEvent.StockMoveRequested(StockStep.Release),
        new OrderEvent.StockMoveRequested(StockStep.Deduct),
        new OrderEvent.StockMoved(1, StockStep.Deduct),
        new OrderEvent.PaymentRequested(PaymentStep.Authorize, 1, long.MaxValue),
        new OrderEvent.PaymentRequested(PaymentStep.Void, 130, 0),
        new OrderEvent.PaymentSucceeded(PaymentStep.Capture, 1, "ch_1"),
        new OrderEvent.PaymentDeclined(PaymentStep.Refund, 2, "no_funds", IsSoft: true),
        new OrderEvent.PaymentUnknown(PaymentStep.Authorize, 1, 3, "timeout", Given.NowMs),
        new OrderEvent.HoldPlaced("h1", "fraud", "score 80", Given.NowMs),
        new OrderEvent.HoldPlaced("h1", "fraud", null, null),
        new OrderEvent.HoldReleased("h1"),
        new OrderEvent.ClosingStarted(new Closing(OrderStatus.Canceled, "canceled", "changed my mind")),
        new OrderEvent.ClosingStarted(new Closing(OrderStatus.Rejected, "out_of_stock", null)),
        new OrderEvent.Confirmed(),
        new OrderEvent.Shipped("dhl", "t1"),
        new OrderEvent.Shipped(null, null),
        new OrderEvent.Delivered(),
        new OrderEvent.Completed(),
        new OrderEvent.Closed(),
        new OrderEvent.Parked("poison", "UnreachableException"),
        new OrderEvent.Resumed("fixed"),
        new OrderEvent.Resumed(null),
        new OrderEvent.AnswerSetAside(new OrderCommand.StockReserved(1, Takes)),
        new OrderEvent.AnswerSetAside(new OrderCommand.StockRefused(2, "out_of_stock", "tea")),
        new OrderEvent.AnswerSetAside(new OrderCommand.StockMoved(0, StockStep.Deduct)),
        new OrderEvent.AnswerSetAside(new OrderCommand.ExternalIdAnswered(IsGranted: false)),
    ];

    public static IReadOnlyList<StockEvent> StockEvents { get; } =
    [
        new StockEvent.ItemDefined(Given.Acme, "tea", "Tee, grün", 1_000, "EUR", 5),
        new StockEvent.Adjusted(Given.Acme, "tea", "main", -7, "count", UInt128.MaxValue),
        new StockEvent.Reserved(Given.Acme, Id, 1, Takes),
        new StockEvent.ReservationRefused(Given.Acme, Id, 1, "out_of_stock", "tea"),
        new StockEvent.Moved(Given.Acme, Id, 1, StockStep.Release, WasAllocated: true, Takes),
        new StockEvent.Moved(Given.Acme, Id, 0, StockStep.Deduct, WasAllocated: false, []),
    ];

    public static IReadOnlyList<PartitionMessage> Messages { get; } =
    [
        new PartitionMessage.ToStock(new StockCommand.Reserve(Given.Acme, Id, 1, [new StockDemand("tea", 3)], AllowBackorder: true, AllowSplit: false)),
        new PartitionMessage.ToStock(new StockCommand.Move(Given.Acme, Id, 1, StockStep.Allocate, WasAllocated: false, Takes)),
        new PartitionMessage.ToOrder(Id, new OrderCommand.StockReserved(1, Takes)),
        new PartitionMessage.ToOrder(Id, new OrderCommand.StockRefused(1, "out_of_stock", "tea")),
        new PartitionMessage.ToOrder(Id, new OrderCommand.StockMoved(1, StockStep.Release)),
        new PartitionMessage.ToOrder(Id, new OrderCommand.ExternalIdAnswered(IsGranted: true)),
        new PartitionMessage.ClaimName(UInt128.MaxValue - 1, Id),
    ];

    /// <summary>Journal payloads: every record kind, every context.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Payloads { get; } =
    [
        ("order decided by the system", Payload(w => RecordCodec.WriteOrderDecided(w, Id, new EventContext(Given.NowMs, Actor.System), [.. OrderEvents.Where(e => e is not OrderEvent.AnswerSetAside)]))),
        ("order decided with a key", Payload(w => RecordCodec.WriteOrderDecided(w, Id,
            new EventContext(-1, new Actor(ActorKind.Operator, "ann"), new ChangeKey(7, 8)), [new OrderEvent.Delivered(), new OrderEvent.Completed()]))),
        ("order decided by a nameless PSP", Payload(w => RecordCodec.WriteOrderDecided(w, Id, new EventContext(0, new Actor(ActorKind.Psp, null)), [new OrderEvent.Closed()]))),
        ("stock changed", Payload(w =>
        {
            foreach (var fact in StockEvents)
                RecordCodec.WriteStockChanged(w, Given.NowMs, fact);
        })),
        ("received and name answered", Payload(w =>
        {
            RecordCodec.WriteReceived(w, 4_095, long.MaxValue);
            RecordCodec.WriteNameAnswered(w, UInt128.MaxValue, Id, isGranted: true);
            RecordCodec.WriteNameAnswered(w, 0, Id, isGranted: false);
        })),
        ("answers set aside", Payload(
            w => RecordCodec.WriteOrderDecided(w, Id, new EventContext(Given.NowMs, Actor.System), [.. OrderEvents.OfType<OrderEvent.AnswerSetAside>()]),
            PayloadFormat.WithAnswersSetAside)),
        ("order decided, and whose it is", Payload(
            w => RecordCodec.WriteOrderDecided(w, Id, new EventContext(Given.NowMs, Actor.System), [new OrderEvent.Confirmed()], new OrderMark(Given.Acme, 300)),
            PayloadFormat.WithOrderMarks)),
    ];

    public static byte[] Written(Action<PayloadWriter> write)
    {
        var writer = new PayloadWriter(1);
        write(writer);
        return writer.ToArray();
    }

    private static byte[] Payload(Action<PayloadWriter> write, int format = PayloadFormat.Oldest) => Written(w =>
    {
        w.Byte((byte)format);
        write(w);
    });
}
