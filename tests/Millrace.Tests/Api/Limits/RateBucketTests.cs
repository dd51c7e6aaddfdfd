using CsCheck;
using Millrace.Api.Limits;
using Xunit;

namespace Millrace.Tests.Api.Limits;

public sealed class RateBucketTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void In_no_stretch_of_time_is_more_given_than_the_burst_and_what_refills_meanwhile() =>
        Gen.Select(Gen.Long[1, 5_000], Gen.Long[1, 500], Gen.Long[0, Second / 50].List[1, 200]).Sample((rate, burst, pauses) =>
        {
            var bucket = new RateBucket(new Rate(rate, burst));
            var now = 0L;
            var given = new List<long>();
            foreach (var pause in pauses)
            {
                now += pause;
                for (var i = 0; i < 5; i++)
                {
                    var taken = bucket.TryTake(now);
                    if (taken.IsTaken)
                        given.Add(now);
                    else
                        // What is told to wait is right: then, and not a moment earlier.
                        Assert.True(taken is { Remaining: 0, RetryNs: > 0 });
                }
            }

            var interval = Second / rate;
            for (var from = 0; from < given.Count; from += 7)
            {
                for (var to = from; to < given.Count; to += 5)
                    Assert.True(to - from + 1 <= burst + ((given[to] - given[from]) / interval) + 1);
            }
        }, iter: 200);

    [Fact]
    public void A_refused_caller_is_told_when_there_is_one_again()
    {
        var bucket = new RateBucket(new Rate(10, 3));
        Assert.Equal([2L, 1, 0], Enumerable.Range(0, 3).Select(_ => bucket.TryTake(0).Remaining));
        var refused = bucket.TryTake(0);
        Assert.Equal((false, Second / 10), (refused.IsTaken, refused.RetryNs));
        Assert.False(bucket.TryTake(refused.RetryNs - 1).IsTaken);
        Assert.True(bucket.TryTake(refused.RetryNs).IsTaken);
        // All of it again, after as long as it says.
        var reset = bucket.TryTake(refused.RetryNs).ResetNs;
        Assert.Equal(2, bucket.TryTake(refused.RetryNs + reset).Remaining);
    }

    // However long the burst took to refill before: what is gone is gone, and comes back at the new rate.
    [Theory]
    [InlineData(1, 1_000, 500, 1_000)]
    [InlineData(500, 1_000, 1, 1_000)]
    [InlineData(1, 1_000_000_000, 1_000_000_000, 1_000_000_000)]
    public void What_is_used_up_when_a_rate_is_changed_refills_at_the_new_one(long perSecond, long burst, long newPerSecond, long newBurst)
    {
        var (bucket, was, now) = (new RateBucket(new Rate(perSecond, burst)), new Rate(perSecond, burst), 7 * Second);
        bucket.Learn(now, Second / perSecond * burst, was);
        Assert.False(bucket.TryTake(now).IsTaken);
        bucket.Change(new Rate(newPerSecond, newBurst), now);
        var refused = bucket.TryTake(now);
        Assert.Equal((false, Second / newPerSecond), (refused.IsTaken, refused.RetryNs));
        Assert.True(bucket.TryTake(now + refused.RetryNs).IsTaken);
        // What the others knew of it before says nothing of it now.
        bucket.Learn(now, Second / perSecond * burst, was);
        Assert.Equal(newBurst, bucket.Available(now + (Second / newPerSecond * newBurst) + refused.RetryNs).Now);
    }

    [Fact]
    public void A_burst_that_was_lowered_leaves_no_more_used_up_than_it_is()
    {
        var bucket = new RateBucket(new Rate(1, 1_000));
        bucket.Learn(0, 1_000 * Second, bucket.Rate);
        bucket.Change(new Rate(1, 2), 0);
        Assert.Equal(Second, bucket.TryTake(0).RetryNs);
        // Half of it is used up, and stays so.
        bucket.Change(new Rate(10, 4), 1 * Second);
        Assert.Equal((3L, 4L), bucket.Available(1 * Second));
    }

    [Fact]
    public void What_several_nodes_gave_beyond_the_limit_leaves_none_and_not_less()
    {
        var bucket = new RateBucket(new Rate(10, 5));
        bucket.Learn(0, 2 * (Second / 2), bucket.Rate);
        Assert.Equal((false, 0L, (long)Second), bucket.TryTake(0) is var taken ? (taken.IsTaken, taken.Remaining, taken.ResetNs) : default);
        Assert.Equal((0L, 5L), bucket.Available(0));
    }

    [Fact]
    public void What_another_limit_refused_costs_nothing()
    {
        var tenant = new TenantLimits(new LimitSettings(new Rate(1, 1), new Rate(1, 5), 10));
        var key = new RateBucket(new Rate(1, 5));
        var limits = new CallerLimits(key, tenant);
        limits.Take(0, 0, out var first);
        limits.Take(0, 0, out var second);
        Assert.Equal((null, "tenant"), (first, second));
        Assert.Equal(3, key.TryTake(0).Remaining);
        Assert.Equal(8, tenant.Daily.TryTake(0).Remaining);
    }

    [Fact]
    public void A_node_on_its_own_gives_its_share_of_what_is_left_of_the_day_and_not_of_what_is_gone()
    {
        const long now = 86_400_000L * 20_000;
        var quota = new DailyQuota(1_000);
        Assert.True(quota.TryTake(now).IsTaken);
        quota.Learn(20_000, 0, 700);
        quota.Share = 1.0 / 3;
        Assert.Equal(99, Enumerable.Range(0, 1_000).Count(_ => quota.TryTake(now).IsTaken));
        // Told twice it is no more than told once.
        Assert.Equal((20_000L, 100L), quota.Tell(now));
        // Until it has arrived, it is told again at once.
        Assert.Equal((20_000L, 100L), quota.Tell(now));
        quota.Learn(20_000, 100, 700);
        Assert.Null(quota.Tell(now + 999));
        Assert.Equal((20_000L, 100L), quota.Tell(now + 1_000));
        Assert.Equal((20_000L, 100L), quota.Tell(now - 1));
    }

    [Fact]
    public void A_node_that_was_not_asked_today_hears_of_the_others_and_gives_its_share_of_what_they_left()
    {
        const long now = 86_400_000L * 20_000;
        var quota = new DailyQuota(1_000);
        Assert.Equal((20_000L, 0L), quota.Tell(now));
        quota.Learn(20_000, 0, 700);
        quota.Share = 1.0 / 3;
        Assert.Equal(100, Enumerable.Range(0, 1_000).Count(_ => quota.TryTake(now).IsTaken));
        // Redis that has lost its memory takes nothing back.
        quota.Learn(20_000, 0, 0);
        Assert.False(quota.TryTake(now).IsTaken);
        // The next day all is left.
        Assert.Equal((20_001L, 0L), quota.Tell(now + 86_400_000));
        Assert.Equal(333, Enumerable.Range(0, 1_000).Count(_ => quota.TryTake(now + 86_400_000).IsTaken));
        Assert.Null(new DailyQuota(null).Tell(now));
    }

    // Whatever each of them has given before: what is left is given once, by all together.
    [Theory]
    [InlineData(2_000, 2_000, 2_000)]
    [InlineData(7_998, 1, 1)]
    [InlineData(1, 3_000, 5_999)]
    public void Nodes_that_lose_sight_of_each_other_give_together_what_was_left(params int[] given)
    {
        const long now = 86_400_000L * 20_000;
        var nodes = given.Select(_ => new DailyQuota(9_000)).ToList();
        foreach (var (quota, count) in nodes.Zip(given))
            Assert.Equal(count, Enumerable.Range(0, count).Count(_ => quota.TryTake(now).IsTaken));
        foreach (var (quota, count) in nodes.Zip(given))
        {
            quota.Learn(20_000, count, given.Sum() - count);
            quota.Share = 1.0 / 3;
        }

        var left = 9_000 - given.Sum();
        Assert.All(nodes, quota => Assert.Equal(left / 3, Enumerable.Range(0, 9_000).Count(_ => quota.TryTake(now).IsTaken)));
        // And with each other again, no more.
        foreach (var quota in nodes)
        {
            quota.Share = 1;
            quota.Learn(20_000, 0, 9_000 - quota.Used(now)!.Value + (given.Sum() - given[nodes.IndexOf(quota)]));
            Assert.False(quota.TryTake(now).IsTaken);
        }
    }

    [Fact]
    public void A_day_of_UTC_has_its_number_and_the_next_day_again()
    {
        const long day = 86_400_000;
        var quota = new DailyQuota(2);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => quota.TryTake(day - 1_000).IsTaken));
        Assert.Equal(Second, quota.TryTake(day - 1_000).RetryNs);
        Assert.True(quota.TryTake(day).IsTaken);
        // A clock that goes back gives no second day.
        Assert.True(quota.TryTake(day - 1).IsTaken);
        Assert.False(quota.TryTake(day + 1).IsTaken);
    }
}
