using CsCheck;
using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

/// <summary>Any commands in any order, most of them answers that an order might really get.</summary>
public sealed class OrderProperties
{
    private static readonly Gen<(int Kind, int A, int B)[]> Commands = Gen.Select(Gen.Int[0, 23], Gen.Int[0, 3], Gen.Int[0, 5]).Array[0, 60];

    private static readonly Gen<OrderPlacement> Placements = Gen.Select(Gen.Bool, Gen.Int[1, 3], Gen.Long[0, 1]).Select((hasExternalId, lines, price) =>
        Given.Placement([.. new[] { "tea", "cup", "pot" }.Take(lines).Select(sku => Given.Line(sku, lines, price * 500))])
            with { ExternalId = hasExternalId ? "W-1" : null });

    [Fact]
    public void No_sequence_of_commands_breaks_an_order() => Gen.Select(Placements, Commands).Sample((placement, commands) =>
    {
        var order = new OrderUnderTest(placement, partitions: 64);
        order.Place();
        foreach (var (kind, a, b) in commands)
        {
            order.NowMs += b * 100_000;
            var before = order.Order;
            var command = Command(order, kind, a, b);
            var (_, facts) = order.Try(command);
            Assert.Equal(before.Version + facts.Length, order.Order.Version);
            MoneyIsBounded(order.Order.Payment);
            EndsAreFinal(before, order.Order);
            RepeatChangesNothing(order, command);
        }

        Assert.All(order.Ledger, e => Assert.Equal(0, e.Postings.Sum(p => p.AmountMinor)));
    }, iter: 3_000);

    [Fact]
    public void An_order_whose_answers_all_come_ends_however_it_was_disturbed() => Gen.Select(Placements, Commands).Sample((placement, commands) =>
    {
        var order = new OrderUnderTest(placement, partitions: 64);
        order.Place();
        foreach (var (kind, a, b) in commands)
            order.Try(Command(order, kind, a, b));
        for (var round = 0; round < 40 && !IsAtRest(order.Order); round++)
        {
            if (order.Order.Parked is not null)
                order.Do(new OrderCommand.Resume(null));
            foreach (var hold in order.Order.Holds)
                order.Do(new OrderCommand.ReleaseHold(hold.Id));
            if (order.Order.ExternalIdStatus == ExternalIdStatus.Requested)
                order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: true));
            if (order.Order.Payment.Pending is not null)
                order.PaymentSucceeds();
            order.StockAnswers();
        }

        Assert.True(IsAtRest(order.Order), $"stuck: {string.Join(' ', order.History.Select(f => f.GetType().Name))}");
    }, iter: 2_000);

    private static bool IsAtRest(Order order) => order is { Parked: null, Payment.Pending: null }
        && !Array.Exists(order.StockParts, p => p.IsInFlight)
        && (order.Status.IsTerminal() || (order.Status == OrderStatus.Confirmed && order.Closing is null));

    private static void MoneyIsBounded(PaymentState money)
    {
        Assert.InRange(money.RefundedMinor, 0, money.CapturedMinor);
        Assert.InRange(money.CapturedMinor, 0, money.AuthorizedMinor);
        Assert.False(money.IsVoided && money.CapturedMinor > 0);
    }

    private static void EndsAreFinal(Order before, Order after)
    {
        if (before.Status.IsTerminal())
            Assert.Equal(before.Status, after.Status);
        if (after.Status is OrderStatus.Rejected or OrderStatus.Canceled or OrderStatus.Expired)
        {
            Assert.False(after.Payment.HoldsMoney);
            Assert.DoesNotContain(after.StockParts, p => p.HoldsStock || p.IsInFlight);
        }
    }

    private static void RepeatChangesNothing(OrderUnderTest order, OrderCommand command)
    {
        // Two unknown outcomes are two attempts; everything else said twice is one fact.
        if (command is not OrderCommand.PaymentUnknown)
            Assert.Empty(order.Try(command).Facts);
    }

    private static OrderCommand Command(OrderUnderTest order, int kind, int a, int b)
    {
        var (step, number) = order.Order.Payment.Pending is { } p && b > 0 ? (p.Step, p.Number) : ((PaymentStep)(a + 1), b);
        var part = order.Order.StockParts.Length == 0 ? a : a % order.Order.StockParts.Length;
        return kind switch
        {
            0 => new OrderCommand.Cancel("c"),
            1 => new OrderCommand.PlaceHold($"h{a}", "fraud", null, b < 3 ? null : order.NowMs + (b * 50_000)),
            2 => new OrderCommand.ReleaseHold($"h{a}"),
            3 or 4 => new OrderCommand.Ship("dhl", null),
            5 => new OrderCommand.Deliver(),
            6 => new OrderCommand.Refund(b == 0 ? null : (b - 1) * 250, null),
            7 => new OrderCommand.Resume(null),
            8 => new OrderCommand.Park(OrderParkCodes.Poison, "test"),
            9 => new OrderCommand.CheckDue(),
            10 => new OrderCommand.ExternalIdAnswered(b > 0),
            11 or 12 or 13 => new OrderCommand.StockReserved(part, [new StockTake("tea", "main", 1)]),
            14 => new OrderCommand.StockRefused(part, "out_of_stock", "tea"),
            15 or 16 or 17 => new OrderCommand.StockMoved(part, StockStep.Release),
            18 => new OrderCommand.StockMoved(part, StockStep.Deduct),
            19 or 20 or 21 => new OrderCommand.PaymentSucceeded(step, number, "ref"),
            22 => new OrderCommand.PaymentDeclined(step, number, "no", b > 3),
            _ => new OrderCommand.PaymentUnknown(step, number, "timeout", order.NowMs + 500, b > 4),
        };
    }
}
