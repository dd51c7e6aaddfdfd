using Millrace.Domain.Identity;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

/// <summary>One order, its clock and its history. Every decision is checked to be the fold of its events.</summary>
internal sealed class OrderUnderTest(OrderPlacement placement, int partitions = 1)
{
    private readonly PartitionMap _map = new(partitions);

    public Order? Current { get; private set; }

    public Order Order => Current!;

    public long NowMs { get; set; } = Given.NowMs;

    public List<OrderEvent> History { get; } = [];

    public List<LedgerEntry> Ledger { get; } = [];

    public (OrderRejection? Rejection, OrderEvent[] Facts) Try(OrderCommand command)
    {
        var facts = new List<OrderEvent>();
        var context = new EventContext(NowMs, Actor.System);
        var decision = OrderDecider.Decide(Given.Id(), Current, command, context, _map, facts);
        foreach (var fact in facts)
        {
            if (OrderLedger.EntryFor(Current, fact, context) is { } entry)
                Ledger.Add(entry);
            Current = Order.Evolve(Given.Id(), Current, fact, context);
        }

        Assert.Equal(Current?.Version, decision.After?.Version);
        Assert.Equal(Current?.Status, decision.After?.Status);
        if (decision.Rejection is not null)
            Assert.Empty(facts);
        History.AddRange(facts);
        return (decision.Rejection, [.. facts]);
    }

    /// <summary>Accepted; tells the names of the events.</summary>
    public string Do(OrderCommand command)
    {
        var (rejection, facts) = Try(command);
        Assert.Null(rejection);
        return string.Join(' ', facts.Select(f => f.GetType().Name));
    }

    public string Refused(OrderCommand command) => Rejection(command).Code;

    public OrderRejection Rejection(OrderCommand command)
    {
        var (rejection, _) = Try(command);
        Assert.NotNull(rejection);
        return rejection;
    }

    public string Place() => Do(new OrderCommand.Place(placement));

    /// <summary>Every stock partition does what it was asked.</summary>
    public string StockAnswers()
    {
        var names = new List<string>();
        for (var i = 0; i < Order.StockParts.Length; i++)
        {
            var part = Order.StockParts[i];
            var takes = part.LineIndexes.Select(l => new StockTake(placement.Lines[l].Sku, "main", placement.Lines[l].Quantity)).ToArray();
            OrderCommand? answer = part.Status switch
            {
                StockPartStatus.Reserving => new OrderCommand.StockReserved(i, takes),
                StockPartStatus.Releasing => new OrderCommand.StockMoved(i, StockStep.Release),
                StockPartStatus.Deducting => new OrderCommand.StockMoved(i, StockStep.Deduct),
                _ => null,
            };
            if (answer is not null)
                names.Add(Do(answer));
        }

        return string.Join(' ', names);
    }

    public string PaymentSucceeds() => Do(new OrderCommand.PaymentSucceeded(Pending.Step, Pending.Number, $"{Pending.Step}_{Pending.Number}"));

    public string PaymentDeclines(bool isSoft = false) => Do(new OrderCommand.PaymentDeclined(Pending.Step, Pending.Number, "no_funds", isSoft));

    public string PaymentUnknown(bool isLast = false) =>
        Do(new OrderCommand.PaymentUnknown(Pending.Step, Pending.Number, "timeout", NowMs + 1_000, isLast));

    public PendingPayment Pending => Order.Payment.Pending!;

    public OrderUnderTest Confirmed()
    {
        Place();
        StockAnswers();
        if (Order.Payment.Pending is not null)
            PaymentSucceeds();
        StockAnswers();
        Assert.Equal(OrderStatus.Confirmed, Order.Status);
        return this;
    }

    public OrderUnderTest Shipped()
    {
        Confirmed().Do(new OrderCommand.Ship("dhl", "t1"));
        StockAnswers();
        PaymentSucceeds();
        return this;
    }
}
