using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Stock;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Api.Stock;

public sealed class ItemDemandTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs));
    private readonly ItemDemand _demand;

    public ItemDemandTests() => _demand = new ItemDemand(_time);

    [Fact]
    public void What_is_wanted_most_comes_first_and_only_to_whose_it_is()
    {
        _demand.Note(Given.Placement(Given.Line("tea", 2), Given.Line("cup", 5)));
        _demand.Note(Given.Placement(Given.Line("tea", 4)));
        _demand.Note(Of(Given.Other, Given.Line("pot")));
        Assert.Equal([new("tea", 2, 6, 6), new("cup", 1, 5, 5)], Items(Given.Acme));
        Assert.Equal([new("pot", 1, 1, 1)], Items(Given.Other));
        Assert.Equal("tea", Assert.Single(_demand.Top(Given.Acme, 1)!.Value.Items).Key);
    }

    [Fact]
    public void A_tenant_that_buys_all_there_is_by_the_million_hides_nobody_elses_items()
    {
        _demand.Note(Given.Placement(Given.Line("tea", 5)));
        _demand.Note(Of(Given.Other, [.. Enumerable.Range(0, 2_000).Select(i => Given.Line($"part-{i}", 1_000_000))]));
        Assert.Equal([new("tea", 1, 5, 5)], Items(Given.Acme));
        Assert.Equal(ItemDemand.MostItems, _demand.Top(Given.Other, 2_000)!.Value.Items.Count);
    }

    // Whatever happens when: an order counts for five minutes at least and ten at most, and what is told says since when.
    [Fact]
    public void What_is_told_is_of_the_last_five_to_ten_minutes() => Gen.Select(Gen.Int[0, 500], Gen.Bool).Array[1, 12].Sample(steps =>
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs));
        var (demand, started, placed) = (new ItemDemand(time), time.GetUtcNow(), new List<DateTimeOffset>());
        foreach (var (seconds, isOrder) in steps)
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            if (isOrder)
            {
                demand.Note(Given.Placement(Given.Line("tea")));
                placed.Add(time.GetUtcNow());
            }

            var (items, since) = demand.Top(Given.Acme, 1)!.Value;
            Assert.Equal(placed.Count(at => at >= since), items.Sum(item => item.Units));
            Assert.True(since == started || (time.GetUtcNow() - since is var age && age >= ItemDemand.Period && age < ItemDemand.Period * 2));
        }
    });

    [Fact]
    public void Of_a_thousand_tenants_each_is_counted_and_one_more_when_another_has_been_silent()
    {
        var tenants = Enumerable.Range(0, 1_000).Select(i => TenantId.Parse($"t-{i}")).ToList();
        foreach (var tenant in tenants)
            _demand.Note(Of(tenant, Given.Line("tea")));
        _demand.Note(Given.Placement(Given.Line("tea")));
        Assert.Null(_demand.Top(Given.Acme, 1));

        _time.Advance(ItemDemand.Period);
        foreach (var tenant in tenants.Skip(1))
            _demand.Note(Of(tenant, Given.Line("tea")));
        _time.Advance(ItemDemand.Period);
        _demand.Note(Given.Placement(Given.Line("tea")));
        Assert.Equal([new("tea", 1, 1, 1)], Items(Given.Acme));
        Assert.Null(_demand.Top(tenants[0], 1));
        Assert.Equal([new("tea", 1, 1, 1)], Items(tenants[1]));
    }

    private static OrderPlacement Of(TenantId tenant, params LineItem[] lines) => Given.Placement(lines) with { Tenant = tenant };

    private IReadOnlyList<HeavyHitter<string>> Items(TenantId tenant) => _demand.Top(tenant, 10)!.Value.Items;
}
