using Millrace.Engine.Administration;
using Millrace.Reconciliation.Breaks;
using Xunit;

namespace Millrace.Tests.Reconciliation;

/// <summary>Whatever is away, begins again or is too much: nothing is passed over, and nothing is told that is not so.</summary>
public sealed class ComparisonFailureTests
{
    private static readonly TimeSpan AfterGrace = ComparedNode.Grace + TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_restart_goes_on_before_the_first_that_was_not_settled()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.PaysAsync();
        await node.TurnAsync();
        var settled = await node.StateAsync();
        await node.Psp.AuthorizeAsync("stray");
        var missing = node.Asks();
        node.Books(missing, "pa_nowhere");
        // Saved with what is not settled; then a crash.
        await node.TurnAfterAsync(TimeSpan.FromSeconds(15));
        Assert.Equal((settled.Theirs, 2), await node.StateAsync() is var crashed ? (crashed.Theirs, crashed.Unsettled) : default);
        node.Restart();
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal([BreakKinds.Missing, BreakKinds.NotRequested], (await node.BreaksAsync()).Select(one => one.Kind).Order(StringComparer.Ordinal));
        await node.TurnAfterAsync(AfterGrace);
        Assert.True((await node.StateAsync()).Theirs > settled.Theirs);
        Assert.Equal(1, (await node.StateAsync()).Matched);
    }

    [Fact]
    public async Task An_answer_whose_question_was_read_before_the_restart_is_looked_up()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        await node.TurnAfterAsync(AfterGrace);
        node.Restart();
        node.Books(order, (await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order))).Id);
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal((0, 1, 0), await node.StateAsync() is var state ? (state.Matched, state.LookedUp, state.Unsettled) : default);
    }

    [Fact]
    public async Task While_the_provider_is_away_nothing_is_told_but_that()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        node.Books(order, "pa_nowhere");
        await node.TurnAsync();
        await node.Psp.PutFaultsAsync("""{"outage":true}""");
        await node.TurnAfterAsync(AfterGrace);
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal("http_503", (await node.StateAsync()).Trouble);
        Assert.True(node.See().Lag > AfterGrace);
        await node.Psp.PutFaultsAsync("{}");
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal(BreakKinds.Missing, Assert.Single(await node.BreaksAsync()).Kind);
        Assert.Equal((null, TimeSpan.Zero), await node.StateAsync() is var state ? (state.Trouble, node.See().Lag) : default);
    }

    [Fact]
    public async Task While_an_orders_owner_does_not_answer_nothing_is_said_of_the_order()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(node.Asks()));
        node.AreOwnersHere = false;
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        node.AreOwnersHere = true;
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal(BreakKinds.Pending, Assert.Single(await node.BreaksAsync()).Kind);
    }

    [Fact]
    public async Task Very_much_that_waits_is_looked_up_before_its_time()
    {
        await using var node = await ComparedNode.StartAsync(mostWaiting: 10);
        for (var i = 0; i < 40; i++)
            await node.Psp.AuthorizeAsync($"stray {i}");
        await node.TurnAsync();
        Assert.InRange((await node.BreaksAsync()).Count, 31, 40);
        Assert.InRange(node.See().Unsettled, 0, 9);
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal(40, (await node.BreaksAsync()).Count);
    }

    [Fact]
    public async Task A_record_that_was_set_back_is_compared_from_its_beginning()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.PaysAsync();
        var (order, _) = await node.PaysAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal(2, (await node.StateAsync()).Matched);
        await node.RestartPspAsync(record => File.WriteAllLines(record, [File.ReadLines(record).First()]));
        await node.TurnAfterAsync(AfterGrace);
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal((BreakKinds.Missing, order.ToString()), Assert.Single(await node.BreaksAsync()) is var found ? (found.Kind, found.Order) : default);
    }

    [Fact]
    public async Task Events_that_are_archived_are_looked_up_by_what_the_provider_tells()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.PaysAsync();
        await node.TurnAfterAsync(AfterGrace);
        await node.PaysAsync();
        node.Journal.Start = await LastAsync(node);
        node.Restart();
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Empty(await node.BreaksAsync());
        Assert.Equal((1, 1), await node.StateAsync() is var state ? (state.Matched, state.LookedUp) : default);
    }

    [Fact]
    public async Task What_a_person_closed_stays_closed_and_what_agreed_is_opened_again()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.Psp.AuthorizeAsync("stray");
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        var open = Assert.Single(await node.Store.ListAsync(null, default));
        var closed = open.Break with { ClosedAt = node.Time.GetUtcNow(), ClosedBy = "maria", Reason = "voided by hand", Owner = "maria" };
        Assert.NotNull(await node.Store.TrySaveAsync(open, closed, default));
        await ReadAllAgainAsync(node);
        Assert.Equal(closed, Assert.Single(await node.BreaksAsync()));

        Assert.NotNull(await node.Store.TrySaveAsync(Assert.Single(await node.Store.ListAsync(null, default)), closed with { ClosedBy = null, Reason = null }, default));
        await ReadAllAgainAsync(node);
        Assert.Equal((true, "maria", null), Assert.Single(await node.BreaksAsync()) is var again ? (again.IsOpen, again.Owner, again.Reason) : default);
    }

    [Fact]
    public async Task With_very_many_breaks_it_stands_and_says_so()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.PaysAsync();
        // Whose orders nobody can look at now.
        node.AreOwnersHere = false;
        var key = ComparedNode.KeyOf(node.Asks());
        for (var i = 0; i < BreakStore.MostOpen; i++)
            await node.Store.TryAddAsync(new Break(Break.IdOf(key, $"{i}"), BreakKinds.Pending, key, $"{i}", "authorize", node.Time.GetUtcNow()), default);
        await node.TurnAsync();
        await node.TurnAfterAsync(TimeSpan.FromSeconds(11));
        Assert.Equal(("too_many_breaks", 0), await node.StateAsync() is var state ? (state.Trouble, state.Matched) : default);
    }

    [Fact]
    public async Task Of_those_that_are_closed_the_last_are_kept()
    {
        await using var node = await ComparedNode.StartAsync();
        for (var i = 0; i < BreakStore.MostSettled + 2; i++)
        {
            var at = node.Time.GetUtcNow().AddSeconds(i);
            await node.Store.TryAddAsync(new Break(Break.IdOf($"k{i}", $"{i}"), BreakKinds.NotRequested, $"k{i}", $"{i}", "authorize", at) { ClosedAt = at }, default);
        }

        await node.TurnAsync();
        var kept = await node.BreaksAsync();
        Assert.Equal((BreakStore.MostSettled, "k2"), (kept.Count, kept[0].PaymentKey));
    }

    [Fact]
    public async Task It_waits_while_requests_are_refused_and_ends_where_another_node_has_written()
    {
        await using var node = await ComparedNode.StartAsync();
        await node.TurnAsync();
        await node.PaysAsync();
        // However many are refused, one turn in twenty is made.
        for (var turn = 0; turn < 20; turn++)
        {
            node.Refused++;
            node.Time.Advance(TimeSpan.FromSeconds(1));
            await node.OneTurnAsync();
            Assert.Equal(0, (await node.StateAsync()).Matched);
        }

        node.Refused++;
        await node.OneTurnAsync();
        var (state, version) = await node.Store.ReadStateAsync(default);
        Assert.Equal(1, state!.Matched);
        Assert.NotNull(await node.Store.TrySaveStateAsync(state with { Node = "b" }, version, default));
        node.Time.Advance(AfterGrace);
        Assert.Null(await node.OneTurnAsync());
        Assert.Equal("b", (await node.StateAsync()).Node);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_keeps_no_break_from_being_looked_at_and_nothing_from_being_kept()
    {
        await using var node = await ComparedNode.StartAsync();
        var order = node.Asks();
        var reference = (await node.Psp.AuthorizeAsync(ComparedNode.KeyOf(order))).Id;
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.True(Assert.Single(await node.BreaksAsync()).IsOpen);
        node.Time.SetBack(TimeSpan.FromDays(1));
        node.Books(order, reference);
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal((false, node.Time.GetUtcNow()), (Assert.Single(await node.BreaksAsync()).IsOpen, (await node.StateAsync()).SavedAt));
    }

    [Fact]
    public async Task A_break_that_this_version_cannot_read_keeps_no_other_from_being_found_and_listed()
    {
        await using var node = await ComparedNode.StartAsync();
        var unreadable = Break.IdOf("known", (await node.Psp.AuthorizeAsync("known")).Id);
        Assert.NotNull(await node.Records.TryWriteRecordAsync(new StoredRecord("reconciliation_break", unreadable, 0, """{"opened_at":{"of":"a later version"}}"""u8.ToArray()), default));
        await node.Psp.AuthorizeAsync("stray");
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
        Assert.Equal("stray", Assert.Single(await node.BreaksAsync()).PaymentKey);
        Assert.Equal((0, null), await node.StateAsync() is var state ? (state.Unsettled, state.Trouble) : default);
        // Not as something that whoever asks has written wrongly.
        await Assert.ThrowsAsync<InvalidDataException>(() => node.Store.FindAsync(unreadable, default));
    }

    private static async Task ReadAllAgainAsync(ComparedNode node)
    {
        var (state, version) = await node.Store.ReadStateAsync(default);
        Assert.NotNull(await node.Store.TrySaveStateAsync(state! with { Theirs = 0 }, version, default));
        node.Restart();
        await node.TurnAsync();
        await node.TurnAfterAsync(AfterGrace);
    }

    private static async Task<long> LastAsync(ComparedNode node) => (await node.Journal.ReadBoundsAsync(default))[0].End;
}
