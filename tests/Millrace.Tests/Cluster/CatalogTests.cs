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

    private static StockItem Tea(long price, long version) => new(Given.Acme, "tea", "Tea", price, "EUR", 0, [], version);
}
