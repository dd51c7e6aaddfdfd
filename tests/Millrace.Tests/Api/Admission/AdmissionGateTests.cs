using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api;
using Millrace.Api.Admission;
using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Api.Admission;

public sealed class AdmissionGateTests : IDisposable
{
    private static readonly TimeSpan Sweep = TimeSpan.FromMilliseconds(5);
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly AdmissionGate _gate;

    public AdmissionGateTests() => _gate = new AdmissionGate(_time, new ApiMetrics(_services.GetRequiredService<IMeterFactory>()));

    public void Dispose()
    {
        _gate.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task As_many_as_the_limit_enter_at_once_and_the_next_waits_until_one_leaves()
    {
        Fill();
        var next = Enter(Priority.Place, "a");
        Assert.False(next.IsCompleted);
        _gate.Leave(_gate.Now);
        Assert.True(await next);
        Assert.Equal((_gate.Limit, 0), (_gate.Inside, _gate.WaitingCount));
    }

    [Fact]
    public async Task Whoever_is_refused_has_asked_no_other_node_for_items()
    {
        Fill();
        using var guard = new BacklogGuard(() => TimeSpan.Zero, TimeSpan.FromMinutes(15), _time);
        // Anything that is asked would fail: there is nobody to ask.
        using var router = new AdmittedRouter(null!, _gate, guard);
        var asked = router.AskAsync(TenantId.Parse("a"), ["tea", "cup"], Priority.Bulk, null, CancellationToken.None);
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(1) && !asked.IsCompleted; waited += Sweep)
            _time.Advance(Sweep);
        Assert.Equal(AdmittedRouter.OverloadedCode, (await asked)!.Code);
        Assert.Equal(_gate.Limit, _gate.Inside);
    }

    [Fact]
    public void Finishing_goes_before_beginning_before_bulk_before_asking()
    {
        Fill();
        var order = new List<Priority>();
        var waiting = new[] { Priority.Read, Priority.Bulk, Priority.Place, Priority.Change }.Select(p => (Priority: p, Turn: Enter(p, "a"))).ToList();
        while (waiting.Count > 0)
        {
            _gate.Leave(_gate.Now);
            var come = Assert.Single(waiting, w => w.Turn.IsCompleted);
            order.Add(come.Priority);
            waiting.Remove(come);
        }

        Assert.Equal([Priority.Change, Priority.Place, Priority.Bulk, Priority.Read], order);
    }

    [Fact]
    public void A_tenant_that_sends_a_hundred_times_as_much_makes_no_other_wait_longer_than_a_turn()
    {
        Fill();
        var noisy = Enumerable.Range(0, 500).Select(_ => Enter(Priority.Place, "noisy")).ToList();
        var quiet = Enumerable.Range(0, 5).Select(_ => Enter(Priority.Place, "quiet")).ToList();
        for (var i = 0; i < 10; i++)
            _gate.Leave(_gate.Now);
        Assert.Equal((5, 5), (noisy.Count(t => t.IsCompleted), quiet.Count(t => t.IsCompleted)));
    }

    [Fact]
    public async Task A_burst_waits_a_hundred_milliseconds_and_a_standing_queue_twenty()
    {
        Fill();
        var burst = Enter(Priority.Place, "a");
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromMilliseconds(85); waited += Sweep)
            _time.Advance(Sweep);
        var later = Enter(Priority.Place, "b");
        Assert.False(burst.IsCompleted);
        for (var i = 0; i < 5; i++)
            _time.Advance(Sweep);
        // The queue has stood for more than a hundred milliseconds by now: both have waited too long.
        Assert.False(await burst);
        Assert.False(await later);
        Assert.Equal(2, _gate.RefusedCount);
        // And it is empty: what comes now is a burst again.
        var again = Enter(Priority.Place, "a");
        _time.Advance(10 * Sweep);
        Assert.False(again.IsCompleted);
        _gate.Leave(_gate.Now);
        Assert.True(await again);
    }

    [Fact]
    public async Task How_long_the_oldest_has_waited_is_told_whatever_his_priority_and_whose_he_is()
    {
        Assert.Equal(TimeSpan.Zero, _gate.WaitingAge);
        Fill();
        var ask = Enter(Priority.Read, "a");
        _time.Advance(Sweep);
        var place = Enter(Priority.Place, "b");
        Assert.Equal(Sweep, _gate.WaitingAge);
        // An order goes before a question.
        _gate.Leave(_gate.Now);
        Assert.True(await place);
        Assert.Equal(Sweep, _gate.WaitingAge);
        _gate.Leave(_gate.Now);
        Assert.True(await ask);
        Assert.Equal(TimeSpan.Zero, _gate.WaitingAge);
    }

    [Fact]
    public async Task Nobody_is_worked_for_who_has_stopped_waiting()
    {
        Fill();
        var hasty = Enter(Priority.Place, "a", _gate.Now + 10_000_000);
        var patient = Enter(Priority.Place, "b");
        _time.Advance(2 * Sweep);
        Assert.False(await hasty);
        Assert.False(patient.IsCompleted);
    }

    [Fact]
    public async Task A_turn_that_comes_too_late_goes_to_the_next()
    {
        Fill();
        var patient = Enter(Priority.Place, "a");
        var hasty = Enter(Priority.Place, "a", _gate.Now + 1_000_000);
        var next = Enter(Priority.Place, "a");
        _time.Advance(TimeSpan.FromMilliseconds(2));
        _gate.Leave(_gate.Now);
        _gate.Leave(_gate.Now);
        Assert.Equal((true, false, true), (await patient, await hasty, await next));
        Assert.Equal((_gate.Limit, 1), (_gate.Inside, _gate.RefusedCount));
    }

    [Fact]
    public void The_queue_is_bounded()
    {
        Fill();
        var all = Enumerable.Range(0, 10_000).Select(_ => Enter(Priority.Place, "a")).ToList();
        Assert.InRange(_gate.WaitingCount, 1, 9_000);
        Assert.Equal(10_000 - _gate.WaitingCount, all.Count(t => t.IsCompletedSuccessfully && !t.Result));
    }

    [Fact]
    public async Task The_limit_shrinks_while_answers_are_late_and_grows_while_they_are_in_time_and_others_wait()
    {
        var start = _gate.Limit;
        for (var window = 0; window < 100; window++)
            Work(TimeSpan.FromMilliseconds(200));
        Assert.Equal(AdmissionLimit.Least, _gate.Limit);
        for (var window = 0; window < 200 && _gate.Limit < start; window++)
            Work(TimeSpan.FromMilliseconds(20));
        Assert.InRange(_gate.Limit, start, AdmissionLimit.Most);
        // Unused, it stays where it is.
        var now = _gate.Limit;
        for (var i = 0; i < 100; i++)
        {
            Assert.True(await Enter(Priority.Place, "a"));
            _time.Advance(TimeSpan.FromMilliseconds(10));
            _gate.Leave(_gate.Now - 10_000_000);
        }

        Assert.Equal(now, _gate.Limit);
    }

    private void Fill()
    {
        while (_gate.Inside < _gate.Limit)
            Assert.True(Enter(Priority.Place, "first").IsCompletedSuccessfully);
    }

    // As many as may, all at once, each for so long.
    private void Work(TimeSpan each)
    {
        Fill();
        var entered = _gate.Now;
        var count = _gate.Inside;
        _time.Advance(each);
        for (var i = 0; i < count; i++)
            _gate.Leave(entered);
    }

    private Task<bool> Enter(Priority priority, string tenant, long deadline = long.MaxValue) => _gate.EnterAsync(priority, tenant, deadline).AsTask();
}
