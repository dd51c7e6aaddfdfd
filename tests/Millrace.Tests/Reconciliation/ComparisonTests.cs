using Millrace.Domain.Orders;
using Millrace.Reconciliation.Breaks;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Reconciliation;

/// <summary>What orders have booked is compared with what the provider did, operation by operation: whatever differs is told, and nothing that does not.</summary>
public sealed class ComparisonTests
{
    private static readonly TimeSpan AfterGrace = ComparedNode.Grace + TimeSpan.FromSeconds(1);
    private static readonly BreakSide FiveEuros = new(500, "EUR");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_both_tell_of_alike_is_matched_and_needs_no_look(bool isOneLog)
    {
        await using var node = await ComparedNode.StartAsync(isOneLog);
        var (order, reference) = await node.PaysAsync(partition: 3);
        await node.PaysAsync(partition: 1);
        await node.TurnAsync();
        foreach (var (step, action) in new[] { (PaymentStep.Capture, "captures"), (PaymentStep.Refund, "refunds") })
        {
            node.Journal.Tell(order, new OrderEvent.PaymentRequested(step, 1, 300));
            // Ours is told first, as far as the comparison sees.
            node.Books(order, (await node.Psp.FollowUpAsync(reference, action, ComparedNode.KeyOf(order, step), 300)).Id, step);
            await node.TurnAsync();
        }

        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal((4, 0, 0, null), await node.StateAsync() is var state ? (state.Matched, state.LookedUp, state.Unsettled, state.Trouble) : default);
        Assert.Equal(TimeSpan.Zero, node.See().Lag);
    }

    [Fact]
    public async Task One_side_may_be_behind_for_a_while()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        var reference = (await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order))).Id;
        await node.TurnAsync();
        await node.TurnAfterAsync(ComparedNode.Grace - TimeSpan.FromSeconds(1));
        Assert.Equal(1, node.See().Unsettled);
        node.Books(order, reference);
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal((1, 0), await node.StateAsync() is var state ? (state.Matched, state.LookedUp) : default);
    }

    [Fact]
    public async Task A_charge_that_nobody_asked_for_is_told()
    {
        await using var node = await ComparedNode.StartAsync();
        var (order, _) = await node.PaysAsync();
        string[] strays = ["another shop's", ComparedNode.KeyOf(Given.Id(1, 77)), Order.PaymentKey(order, PaymentStep.Authorize, 2), ComparedNode.KeyOf(order, PaymentStep.Capture)];
        foreach (var stray in strays)
            await node.Psp.AuthorizeAsync(stray);
        await node.TurnAsync();
        Assert.Empty(await node.BreaksAsync());
        await node.TurnAfterAsync(AfterGrace);
        var breaks = await node.BreaksAsync();
        Assert.Equal(strays.Order(StringComparer.Ordinal), breaks.Select(one => one.PaymentKey).Order(StringComparer.Ordinal));
        Assert.All(breaks, one => Assert.Equal("ord_1", one.PspOrder));
        Assert.All(breaks, one => Assert.Equal((BreakKinds.NotRequested, "authorize", FiveEuros, FiveEuros, null), (one.Kind, one.Operation, one.Theirs, one.AtRisk, one.Ours)));
        Assert.Equal([order.ToString(), order.ToString()], breaks.Select(one => one.Order).OfType<string>());
        Assert.Equal([new BreakSide(2_000, "EUR")], AtRisk.Sum(node.See().Open));
    }

    [Fact]
    public async Task A_charge_that_was_made_twice_is_told()
    {
        await using var node = await ComparedNode.StartAsync();
        var (order, _) = await node.PaysAsync();
        // Its key had expired there.
        var again = (await node.Psp.PostAsync("/v1/authorizations", "another key",
            $$"""{"reference":"{{ComparedNode.KeyOf(order)}}","order":"{{order}}","amount":500,"currency":"EUR","token":"tok"}""")).Id;
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        var found = Assert.Single(await node.BreaksAsync());
        Assert.Equal((BreakKinds.Repeated, again, order.ToString(), "acme", FiveEuros), (found.Kind, found.OperationId, found.Order, found.Tenant, found.AtRisk));
    }

    [Fact]
    public async Task A_charge_that_the_provider_has_under_another_reference_is_not_taken_for_a_second_one()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order));
        node.Books(order, "pa_another");
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal([BreakKinds.Differs, BreakKinds.Missing], (await node.BreaksAsync()).Select(one => one.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_charge_of_which_the_order_has_not_heard_is_told_until_it_hears()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        var reference = (await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order))).Id;
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal((BreakKinds.Pending, true), Assert.Single(await node.BreaksAsync()) is var found ? (found.Kind, found.IsOpen) : default);
        node.Books(order, reference);
        await node.TurnAfterAsync(AfterGrace);
        var settled = Assert.Single(await node.BreaksAsync());
        Assert.Equal((false, null, node.Time.GetUtcNow()), (settled.IsOpen, settled.ClosedBy, settled.ClosedAt));
        Assert.Empty(node.See().Open);
    }

    [Fact]
    public async Task A_charge_of_which_the_order_was_told_otherwise_is_told()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order));
        node.Journal.Tell(order, new OrderEvent.PaymentDeclined(PaymentStep.Authorize, 1, "card_declined", false));
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal(BreakKinds.NotBooked, Assert.Single(await node.BreaksAsync()).Kind);
    }

    [Theory]
    [InlineData(450, "EUR", 50)]
    [InlineData(500, "USD", 500)]
    public async Task What_both_have_otherwise_is_told_without_a_wait(long theirs, string currency, long atRisk)
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        var reference = (await node.Psp.PostAsync("/v1/authorizations", "k",
            $$"""{"reference":"{{ComparedNode.KeyOf(order)}}","order":"{{order}}","amount":{{theirs}},"currency":"{{currency}}","token":"tok"}""")).Id;
        node.Books(order, reference);
        await node.TurnAsync();
        var found = Assert.Single(await node.BreaksAsync());
        Assert.Equal((BreakKinds.Differs, FiveEuros, new BreakSide(theirs, currency), new BreakSide(atRisk, currency)), (found.Kind, found.Ours, found.Theirs, found.AtRisk));
    }

    [Fact]
    public async Task A_capture_of_another_authorization_is_told_when_it_is_looked_up()
    {
        await using var node = await ComparedNode.StartAsync();
        var (order, _) = await node.PaysAsync();
        var (_, others) = await node.PaysAsync();
        node.Journal.Tell(order, new OrderEvent.PaymentRequested(PaymentStep.Capture, 1, 500));
        await node.TurnAfterAsync(AfterGrace);
        // Which forgets the question.
        node.Restart();
        node.Books(order, (await node.Psp.FollowUpAsync(others, "captures", ComparedNode.KeyOf(order, PaymentStep.Capture), 500)).Id, PaymentStep.Capture);
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal((BreakKinds.Differs, "capture"), Assert.Single(await node.BreaksAsync()) is var found ? (found.Kind, found.Operation) : default);
    }

    [Fact]
    public async Task What_the_provider_does_not_have_is_told()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        node.Books(order, "pa_nowhere");
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        var found = Assert.Single(await node.BreaksAsync());
        Assert.Equal((BreakKinds.Missing, FiveEuros, null, FiveEuros), (found.Kind, found.Ours, found.Theirs, found.AtRisk));
    }

    [Fact]
    public async Task Two_orders_that_book_the_same_charge_are_told()
    {
        await using var node = await ComparedNode.StartAsync();
        var (_, reference) = await node.PaysAsync();
        var other = node.Asks();
        node.Books(other, reference);
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal((BreakKinds.Missing, other.ToString()), Assert.Single(await node.BreaksAsync()) is var found ? (found.Kind, found.Order) : default);
    }

    [Fact]
    public async Task What_was_refused_there_is_no_charge()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order), token: "tok_decline");
        node.Journal.Tell(order, new OrderEvent.PaymentDeclined(PaymentStep.Authorize, 1, "card_declined", false));
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal((0, 0), await node.StateAsync() is var state ? (state.Matched, state.LookedUp) : default);
    }
}
