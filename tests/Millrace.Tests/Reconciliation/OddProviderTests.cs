using Millrace.Reconciliation.Breaks;
using Millrace.Reconciliation.Comparing;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Reconciliation;

/// <summary>A provider of which one half is away, that finds late or loses what it told: what differs is told all the same, and nobody waits for nothing.</summary>
public sealed class OddProviderTests : IAsyncLifetime
{
    private static readonly TimeSpan AfterGrace = ComparedNode.Grace + TimeSpan.FromSeconds(1);
    private ScriptedProvider _provider = null!;
    private ComparedNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await ScriptedProvider.StartAsync();
        _node = new ComparedNode(_provider.Address);
    }

    [Fact]
    public async Task An_order_that_books_anothers_charge_first_is_told()
    {
        var (own, other) = (_node.Asks(), _node.Asks());
        _provider.Does("R", own);
        await _node.TurnAsync();
        _node.Books(other, "R");
        _node.Books(own, "R");
        await _node.TurnAsync();
        await RestAsync();
        Assert.Equal((BreakKinds.Missing, other.ToString()), Assert.Single(await _node.BreaksAsync()) is var found ? (found.Kind, found.Order) : default);
        Assert.Equal((1, 0), await _node.StateAsync() is var state ? (state.Matched, state.Unsettled) : default);
    }

    [Fact]
    public async Task What_waits_while_the_record_is_set_back_survives_a_crash()
    {
        var (own, missing) = (_node.Asks(), _node.Asks());
        _provider.Does("R", own);
        _provider.Lines.Add(("D", "x", true));
        _node.Books(own, "R");
        await _node.TurnAsync();
        _node.Books(missing, "pa_nowhere");
        await _node.TurnAfterAsync(TimeSpan.FromSeconds(1));
        _provider.Lines.RemoveAt(1);
        await _node.TurnAfterAsync(TimeSpan.FromSeconds(11));
        await _node.TurnAfterAsync(TimeSpan.FromSeconds(11));
        _node.Restart();
        await RestAsync();
        Assert.Equal(missing.ToString(), Assert.Single(await _node.BreaksAsync()).Order);
    }

    [Fact]
    public async Task A_charge_is_told_though_nothing_can_be_looked_up()
    {
        _provider.Does("R", "stray");
        _node.Books(_node.Asks(), "pa_nowhere");
        _provider.LookUpFault = _ => 500;
        await RestAsync();
        Assert.Equal(BreakKinds.NotRequested, Assert.Single(await _node.BreaksAsync()).Kind);
        // What the order alone tells of waits, and that is said.
        Assert.Equal(("http_500", 1), await _node.StateAsync() is var state ? (state.Trouble, state.Unsettled) : default);
        Assert.True(_node.See().Lag > AfterGrace);
        _provider.LookUpFault = _ => null;
        await RestAsync();
        Assert.Equal([BreakKinds.Missing, BreakKinds.NotRequested], (await _node.BreaksAsync()).Select(one => one.Kind).Order(StringComparer.Ordinal));
        Assert.Equal((null, 0), await _node.StateAsync() is var healed ? (healed.Trouble, healed.Unsettled) : default);
    }

    [Fact]
    public async Task What_a_look_up_does_not_find_is_not_taken_for_gone()
    {
        _provider.Does("R", "stray");
        _provider.IsBlind = true;
        await RestAsync();
        _provider.IsBlind = false;
        await RestAsync();
        _provider.IsBlind = true;
        await RestAsync();
        Assert.True(Assert.Single(await _node.BreaksAsync()).IsOpen);
    }

    [Fact]
    public async Task A_break_that_cannot_be_looked_at_keeps_no_other_open()
    {
        var order = _node.Asks();
        _provider.Does("R1", "odd");
        await RestAsync();
        _provider.Does("R2", order);
        await RestAsync();
        Assert.Equal(2, (await _node.BreaksAsync()).Count(one => one.IsOpen));
        _node.Books(order, "R2");
        _provider.LookUpFault = reference => reference == "odd" ? 400 : null;
        await RestAsync();
        Assert.Equal(["odd"], (await _node.BreaksAsync()).Where(one => one.IsOpen).Select(one => one.PaymentKey));
        Assert.Equal("http_400", (await _node.StateAsync()).Trouble);
    }

    [Fact]
    public async Task Eight_that_the_provider_does_not_answer_for_keep_no_ninth_from_being_told()
    {
        var orders = Enumerable.Range(0, 9).Select(_ => _node.Asks()).ToList();
        foreach (var order in orders)
            _node.Books(order, $"nowhere {order}");
        _provider.LookUpFault = reference => reference == ComparedNode.KeyOf(orders[8]) ? null : 500;
        await RestAsync();
        Assert.Equal(orders[8].ToString(), Assert.Single(await _node.BreaksAsync()).Order);
        Assert.Equal(("http_500", 8), await _node.StateAsync() is var state ? (state.Trouble, state.Unsettled) : default);
    }

    [Fact]
    public async Task Orders_whose_owner_is_away_keep_no_other_waiting_and_no_page_unread()
    {
        var orders = Enumerable.Range(0, 9).Select(_ => _node.Asks()).ToList();
        foreach (var order in orders)
            _provider.Does($"R {order}", order);
        _node.OwnersAway.UnionWith(orders.Take(8));
        await _node.TurnAsync();
        _node.Time.Advance(AfterGrace);
        for (var i = 0; i < 2_500; i++)
            _provider.Lines.Add(($"d{i}", "x", true));
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], [await _node.OneTurnAsync(), await _node.OneTurnAsync()]);
        Assert.Equal(orders[8].ToString(), Assert.Single(await _node.BreaksAsync()).Order);
        Assert.Equal("order_unavailable", (await _node.StateAsync()).Trouble);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_asked_of_one_break_and_of_the_others_first_in_the_next_turn()
    {
        for (var i = 0; i < 5; i++)
            _provider.Does($"R{i}", $"stray{i}");
        await RestAsync();
        Assert.Equal(5, (await _node.BreaksAsync()).Count);
        var asked = new List<string>();
        _provider.LookUpFault = reference =>
        {
            asked.Add(reference);
            return 500;
        };
        await _node.TurnAfterAsync(AfterGrace);
        var odd = Assert.Single(asked);
        _provider.LookUpFault = reference =>
        {
            asked.Add(reference);
            return reference == odd ? 500 : null;
        };
        await _node.TurnAfterAsync(TimeSpan.FromSeconds(16));
        Assert.Equal(["stray0", "stray1", "stray2", "stray3", "stray4"], asked.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task In_a_long_outage_it_does_not_spin()
    {
        await using var node = new ComparedNode(_provider.Address, mostWaiting: 10);
        _provider.RecordFault = 503;
        _provider.LookUpFault = _ => 503;
        for (var i = 0; i < 3_000; i++)
            node.Books(node.Asks(), $"nowhere{i}");
        for (var turn = 0; turn < 50; turn++)
            Assert.NotEqual(TimeSpan.Zero, await node.OneTurnAsync());
        Assert.InRange(_provider.LookUps, 1, 100);
    }

    [Fact]
    public async Task Who_keeps_up_with_a_busy_provider_is_not_behind()
    {
        await _node.TurnAsync();
        var count = 0;
        _provider.BeforeRead = () => _provider.Lines.Add(($"d{count++}", "x", true));
        for (var turn = 0; turn < 100; turn++)
        {
            _node.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.NotEqual(TimeSpan.Zero, await _node.OneTurnAsync());
        }

        Assert.Equal(TimeSpan.Zero, _node.See().Lag);
    }

    [Fact]
    public async Task Orders_that_a_restored_store_has_lost_are_told()
    {
        var (kept, lost) = (_node.Asks(), _node.Asks());
        foreach (var (order, reference) in new[] { (kept, "R1"), (lost, "R2") })
        {
            _provider.Does(reference, order);
            _node.Books(order, reference);
        }

        await RestAsync();
        Assert.Equal(2, (await _node.StateAsync()).Matched);
        // To before the second; what is kept of the comparison is newer.
        _node.ReplaceJournal();
        Assert.Equal(kept, _node.Asks());
        _node.Books(kept, "R1");
        await RestAsync();
        Assert.Equal((BreakKinds.NotRequested, "R2"), Assert.Single(await _node.BreaksAsync()) is var found ? (found.Kind, found.OperationId) : default);
    }

    [Fact]
    public async Task One_that_nobody_answers_for_makes_a_restart_look_up_no_others()
    {
        _node.Books(_node.Asks(), "stuck");
        _provider.LookUpFault = reference => reference == ComparedNode.KeyOf(Given.Id(0, 1)) ? 500 : null;
        await RestAsync();
        Assert.Equal("stuck", Assert.Single((await _node.StateAsync()).Kept).Id);
        for (var i = 0; i < 500; i++)
        {
            var order = _node.Asks();
            _node.Books(order, $"R{i}");
            _provider.Does($"R{i}", order);
        }

        await RestAsync();
        _node.Restart();
        var before = _provider.LookUps;
        await RestAsync();
        Assert.InRange(_provider.LookUps - before, 1, 20);
        _provider.LookUpFault = _ => null;
        await RestAsync();
        Assert.Equal("stuck", Assert.Single(await _node.BreaksAsync()).OperationId);
        Assert.Empty((await _node.StateAsync()).Kept);
    }

    [Fact]
    public async Task Names_of_any_length_are_compared_and_told_each_as_its_own_and_keep_no_other_from_being_told()
    {
        var (name, order) = (new string('ü', 60_000), _node.Asks());
        _provider.Does(name + "1", name);
        _provider.Does(name + "2", name);
        _provider.Does(name + "3", order);
        _provider.Does("R", "stray");
        _node.Books(order, name + "3");
        await RestAsync();
        await RestAsync();
        var breaks = await _node.BreaksAsync();
        Assert.Equal(["stray", .. breaks.Select(one => one.PaymentKey).Where(key => key[0] == 'ü')], breaks.Select(one => one.PaymentKey).OrderBy(key => key[0]));
        Assert.Equal((3, 3), (breaks.Count, breaks.Select(one => one.OperationId).Distinct().Count()));
        Assert.All(breaks, one => Assert.True(one is { IsOpen: true, Kind: BreakKinds.NotRequested } && one.PaymentKey.Length <= 200 && one.OperationId.Length <= 200));
        Assert.Equal((1, 0, null), await _node.StateAsync() is var state ? (state.Matched, state.Unsettled, state.Trouble) : default);
    }

    [Fact]
    public async Task What_nobody_answers_for_is_not_kept_with_the_state_where_that_would_be_too_much_for_its_record()
    {
        for (var i = 0; i < OperationJoin.MostKept; i++)
            _provider.Does($"{new string('<', 150)}{i}", _node.Asks());
        _node.AreOwnersHere = false;
        await RestAsync();
        await RestAsync();
        Assert.Equal((OperationJoin.MostKept, 0), await _node.StateAsync() is var state ? (state.Unsettled, state.Kept.Count) : default);
    }

    [Fact]
    public void A_page_that_waits_for_long_keeps_no_later_ones()
    {
        var pages = new ReadPages<int>(0);
        pages.Add(1, page => page.Wait());
        for (var next = 2; next < 1_000; next++)
        {
            ReadPage? read = null;
            pages.Add(next, page => (read = page).Wait());
            read!.Settle();
        }

        Assert.Equal((0, 999, 1), (pages.Settled, pages.Next, pages.Waiting));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _provider.DisposeAsync();
    }

    private async Task RestAsync()
    {
        for (var i = 0; i < 5; i++)
            await _node.TurnAfterAsync(AfterGrace);
    }
}
