using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Millrace.Tests.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Ledger;

public sealed class OrderLedgerTests
{
    [Fact]
    public void A_sale_with_a_partial_refund_leaves_the_rest_as_owed_by_the_PSP()
    {
        var order = new OrderUnderTest(Given.Placement()).Shipped();
        order.Do(new OrderCommand.Refund(300, null));
        order.PaymentSucceeds();

        Assert.Equal([PaymentStep.Authorize, PaymentStep.Capture, PaymentStep.Refund], order.Ledger.Select(e => e.Kind));
        Assert.Equal((700, -1_000, 300, 0, 0), Balances(order));
    }

    [Fact]
    public void A_void_leaves_nothing_anywhere()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Cancel(null));
        order.PaymentSucceeds();

        Assert.Equal([PaymentStep.Authorize, PaymentStep.Void], order.Ledger.Select(e => e.Kind));
        Assert.Equal((0, 0, 0, 0, 0), Balances(order));
    }

    [Fact]
    public void Every_entry_balances_and_is_named_by_the_version_of_its_fact()
    {
        var order = new OrderUnderTest(Given.Placement()).Shipped();
        Assert.All(order.Ledger, e => Assert.Equal(0, e.Postings.Sum(p => p.AmountMinor)));
        Assert.All(order.Ledger, e => Assert.IsType<OrderEvent.PaymentSucceeded>(order.History[e.Version - 1]));
    }

    private static (long Psp, long Sales, long Refunds, long Held, long Promised) Balances(OrderUnderTest order)
    {
        long Of(LedgerAccount account) => order.Ledger.SelectMany(e => e.Postings).Where(p => p.Account == account).Sum(p => p.AmountMinor);
        return (Of(LedgerAccount.PspReceivable), Of(LedgerAccount.Sales), Of(LedgerAccount.Refunds),
            Of(LedgerAccount.AuthorizationHeld), Of(LedgerAccount.AuthorizationPromised));
    }
}
