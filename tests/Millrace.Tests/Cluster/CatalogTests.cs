using Millrace.Cluster;
using Millrace.Domain.Stock;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class CatalogTests
{
    private readonly Catalog _catalog = new();

    [Fact]
    public void An_answer_that_comes_late_takes_no_newer_one_away()
    {
        _catalog.PublishNone(Given.Acme, "tea", 1);
        Assert.Null(_catalog.Find(Given.Acme, "tea"));
        _catalog.Publish(Tea(price: 2_000, version: 7), 2);
        _catalog.Publish(Tea(price: 1_000, version: 6), 20_000);
        _catalog.PublishNone(Given.Acme, "tea", 20_000);
        Assert.Equal(2_000, _catalog.Find(Given.Acme, "tea")!.PriceMinor);
        // Nor does it make it younger.
        Assert.False(_catalog.IsFresh(Given.Acme, "tea", 20_000));

        _catalog.Publish(Tea(price: 2_000, version: 7), 20_000);
        Assert.True(_catalog.IsFresh(Given.Acme, "tea", 20_000));
        _catalog.Publish(Tea(price: 3_000, version: 8), 20_001);
        Assert.Equal(3_000, _catalog.Find(Given.Acme, "tea")!.PriceMinor);
    }

    [Fact]
    public void Those_who_ask_for_what_does_not_exist_take_neither_memory_nor_anybodys_answer()
    {
        _catalog.Publish(Tea(price: 2_000, version: 1), 0);
        for (var i = 0; i <= Catalog.MostNones; i++)
            _catalog.PublishNone(Given.Acme, $"none-{i}", 5_000);
        // As many as are kept at once; all the others are asked for again.
        Assert.True(_catalog.IsFresh(Given.Acme, "none-0", 5_000));
        Assert.False(_catalog.IsFresh(Given.Acme, $"none-{Catalog.MostNones}", 5_000));

        _catalog.PublishNone(Given.Acme, "late", 6_000);
        Assert.True(_catalog.IsFresh(Given.Acme, "late", 6_500));
        Assert.NotNull(_catalog.Find(Given.Acme, "tea"));
        // The clock is set back: what is told then is believed.
        _catalog.PublishNone(Given.Acme, "early", 100);
        Assert.True(_catalog.IsFresh(Given.Acme, "early", 100));
    }

    private static StockItem Tea(long price, long version) => new(Given.Acme, "tea", "Tea", price, "EUR", 0, [], version);
}
