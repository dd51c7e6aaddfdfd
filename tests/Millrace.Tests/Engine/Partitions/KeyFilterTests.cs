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
        // Five layers with at most 0.5% each, and room for chance.
        Assert.InRange(Enumerable.Range(0, keys).Count(i => filter.MayContain(Hash("out", i))), 0, keys / 33);
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
        // 12 bits a key, the last layer up to twice too large.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100_000 * 12 / 8, 100_000 * 12 / 8 * 4);
    }

    private static UInt128 Hash(string kind, int i) => NameHash.PlaceKey(Given.Acme, $"{kind}-{i}");
}
