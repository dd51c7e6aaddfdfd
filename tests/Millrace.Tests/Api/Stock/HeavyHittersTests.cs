using CsCheck;
using Millrace.Api.Stock;
using Xunit;

namespace Millrace.Tests.Api.Stock;

public sealed class HeavyHittersTests
{
    private static readonly Gen<(int Key, long Units)[]> Streams = Gen.Select(Gen.Int[0, 40], Gen.Long[1, 9]).Array[0, 300];

    [Fact]
    public void Whatever_is_seen_each_number_lies_between_its_limits_and_who_is_more_than_a_share_is_kept() => Streams.Sample(stream =>
    {
        const int Capacity = 8;
        var hitters = new HeavyHitters<int>(Capacity);
        foreach (var (key, units) in stream)
            hitters.Add(key, units);

        foreach (var key in Enumerable.Range(0, 42))
        {
            var seen = stream.Where(one => one.Key == key).ToList();
            var told = hitters.Find(key);
            Assert.InRange(seen.Sum(one => one.Units), told.Units, told.MostUnits);
            Assert.InRange(told.Times, 0, seen.Count);
            if (seen.Sum(one => one.Units) * Capacity > stream.Sum(one => one.Units))
                Assert.Contains(hitters.Kept, kept => kept.Key == key);
        }

        Assert.True(hitters.Kept.Count <= Capacity);
    });

    [Fact]
    public void With_room_for_all_every_number_is_exact() => Streams.Sample(stream =>
    {
        var hitters = new HeavyHitters<int>(100);
        foreach (var (key, units) in stream)
            hitters.Add(key, units);
        Assert.Equal(
            stream.GroupBy(one => one.Key).Select(key => new HeavyHitter<int>(key.Key, key.Count(), key.Sum(one => one.Units), key.Sum(one => one.Units))).OrderBy(one => one.Key),
            hitters.Kept.OrderBy(one => one.Key));
    });
}
