using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Stock;
using Millrace.Domain.Identity;
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
        _demand.Note(Given.Placement(Given.Line("pot", 1)) with { Tenant = Given.Other });
        Assert.Equal([new("tea", 2, 6, 6), new("cup", 1, 5, 5)], Top(Given.Acme));
        Assert.Equal([new("pot", 1, 1, 1)], Top(Given.Other));
        Assert.Equal("tea", Assert.Single(_demand.Top(Given.Acme, 1).Items).Key);
    }

    [Fact]
    public void What_is_told_is_of_the_last_five_to_ten_minutes()
    {
        var started = _time.GetUtcNow();
        _demand.Note(Given.Placement(Given.Line("tea")));
        _time.Advance(TimeSpan.FromMinutes(6));
        _demand.Note(Given.Placement(Given.Line("cup"), Given.Line("tea")));
        Assert.Equal([new("tea", 2, 2, 2), new("cup", 1, 1, 1)], Top(Given.Acme));
        Assert.Equal(started, _demand.Top(Given.Acme, 1).Since);

        var second = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([new("cup", 1, 1, 1), new("tea", 1, 1, 1)], Top(Given.Acme));
        Assert.Equal(second, _demand.Top(Given.Acme, 1).Since);

        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(Top(Given.Acme));
        Assert.Equal(_time.GetUtcNow(), _demand.Top(Given.Acme, 1).Since);
    }

    private List<HeavyHitter<string>> Top(TenantId tenant) => _demand.Top(tenant, 10).Items;
}
