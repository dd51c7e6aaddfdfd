using Millrace.Domain.Orders;
using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Clients;

/// <summary>What a buyer does after the order is placed.</summary>
internal abstract record Wish
{
    private Wish() { }

    public sealed record Change(OrderCommand Command, int? ExpectedVersion = null) : Wish;

    public sealed record Read : Wish;

    public sealed record AwaitSettled : Wish;

    /// <summary>Another merchant must not find it.</summary>
    public sealed record ReadAsStranger : Wish;

    /// <summary>The same placement with the same key, long after the answer.</summary>
    public sealed record PlaceAgain : Wish;

    /// <summary>Another placement with the same key.</summary>
    public sealed record ReuseKey : Wish;

    // Not even the pipeline says so: the decider has no answer and throws.
    private static readonly OrderCommand Poison = new OrderCommand.StockMoved(0, StockStep.Reserve);

    /// <summary>What one buyer will do, in order.</summary>
    public static Wish[] Draw(Dice dice, long nowMs, bool withPoison) => dice.Below(32) switch
    {
        < 4 => [Do(new OrderCommand.Cancel("changed my mind"))],
        < 7 => [new AwaitSettled(), .. Shipped()],
        < 11 => [new AwaitSettled(), .. Shipped(), Do(new OrderCommand.Deliver())],
        11 => [.. Shipped(), Do(new OrderCommand.Refund(100 + dice.Below(3) * 100, "scratched")), Do(new OrderCommand.Deliver())],
        12 => [.. Shipped(), Do(new OrderCommand.Deliver()), Do(new OrderCommand.Refund(null, "broken")), Do(new OrderCommand.Refund(100, "once more")), Do(new OrderCommand.Cancel("too late"))],
        13 => [Hold("a", "fraud"), Release("a")],
        14 => [Hold("a", "address"), Hold("b", "fraud", nowMs + dice.Below(4_000)), new Read(), Release("a")],
        15 => [Hold("a", "fraud", nowMs + dice.Below(6_000))],
        16 => [new Read(), new AwaitSettled(), new Read()],
        17 => [new AwaitSettled(), Hold("a", "manual"), Do(new OrderCommand.Ship("dhl", null)), Release("a"), .. Shipped()],
        18 => [new PlaceAgain(), new ReadAsStranger(), new ReuseKey()],
        19 => [Do(new OrderCommand.Deliver()), Do(new OrderCommand.Resume("for fun")), Release("none")],
        20 when dice.Below(12) == 0 => [.. Enumerable.Range(0, 34).Select(i => Hold($"h{i}", "many", nowMs + 500))],
        21 => [new AwaitSettled(), Do(new OrderCommand.Cancel("late")), Hold("a", "too late"), .. Shipped()],
        22 => [new Change(new OrderCommand.Cancel("if unseen"), ExpectedVersion: dice.Between(1, 12)), new Read()],
        23 => [.. Shipped(), Do(new OrderCommand.Ship("ups", "t2")), Do(new OrderCommand.Cancel("on the way"))],
        24 => [Hold("a", "abandoned")],
        25 when withPoison => [Do(Poison), new Read()],
        // What many programs send for no date.
        26 => [new AwaitSettled(), Hold("a", "no date", 0), new Read()],
        _ => [],
    };

    private static Wish[] Shipped() => [Do(new OrderCommand.Ship("dhl", "t1"))];

    private static Change Do(OrderCommand command) => new(command);

    private static Change Hold(string id, string kind, long? expiresAtMs = null) => Do(new OrderCommand.PlaceHold(id, kind, null, expiresAtMs));

    private static Change Release(string id) => Do(new OrderCommand.ReleaseHold(id));
}
