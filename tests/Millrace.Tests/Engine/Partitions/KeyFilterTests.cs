using Millrace.Domain.Identity;
using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class KeyFilterTests
{
    [Fact]
    public void A_no_is_certain_and_a_wrong_maybe_is_rare()
    {
        const int keys = 100_000;
        var filter = new KeyFilter();
        for (var i = 0; i < keys; i++)
            filter.Add(Hash("in", i));
        Assert.All(Enumerable.Range(0, keys), i => Assert.True(filter.MayContain(Hash("in", i))));
        // Four layers with at most 0.07% each, and room for chance.
        Assert.InRange(Enumerable.Range(0, keys).Count(i => filter.MayContain(Hash("out", i))), 0, keys / 200);
    }

    [Fact]
    public void An_empty_filter_contains_nothing() => Assert.False(new KeyFilter().MayContain(0));

    [Fact]
    public void It_grows_with_its_keys()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var filter = new KeyFilter();
        for (var i = 0; i < 100_000; i++)
            filter.Add((UInt128)(ulong)i * 0x9E37_79B9_7F4A_7C15);
        // 16 bits a key, the last layer up to four times too large.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100_000 * 16 / 8, 100_000 * 16 / 8 * 4);
    }

    [Theory]
    [InlineData(10, 100_000)]
    [InlineData(100_000, 10)]
    [InlineData(3_000, 3_000)]
    [InlineData(0, 3_000)]
    [InlineData(3_000, 0)]
    public void It_includes_what_another_has_and_goes_on(int own, int others)
    {
        var (filter, other) = (new KeyFilter(), new KeyFilter());
        for (var i = 0; i < own; i++)
            filter.Add(Hash("own", i));
        for (var i = 0; i < others; i++)
            other.Add(Hash("other", i));
        filter.Include(other);
        for (var i = 0; i < 10_000; i++)
            filter.Add(Hash("later", i));

        Assert.All(Enumerable.Range(0, own), i => Assert.True(filter.MayContain(Hash("own", i))));
        Assert.All(Enumerable.Range(0, others), i => Assert.True(filter.MayContain(Hash("other", i))));
        Assert.All(Enumerable.Range(0, 10_000), i => Assert.True(filter.MayContain(Hash("later", i))));
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => filter.MayContain(Hash("out", i))), 0, 10_000 / 100);
    }

    private static UInt128 Hash(string kind, int i) => NameHash.PlaceKey(Given.Acme, $"{kind}-{i}");
}
