using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Domain.Identity;

public sealed class PartitionMapTests
{
    // Stored facts: another hash would look for old orders and old stock in the wrong place.
    [Fact]
    public void Owners_and_hashes_never_change()
    {
        var map = new PartitionMap(64);
        Assert.Equal("42 22 8 18", string.Join(' ', new[] { "tea", "cup", "SKU-1", "ü" }.Select(s => map.OwnerOfSku(Given.Acme, s))));
        Assert.Equal("fb16c27208901b0a2b7b9de2b3bdd4e5", NameHash.PlaceKey(Given.Acme, "k1").ToString("x32"));
        Assert.Equal("fef386811d30e7ace11e3ac72306df4f", NameHash.ExternalId(Given.Acme, "k1").ToString("x32"));
    }

    [Fact]
    public void Names_of_other_kinds_and_tenants_are_other_names()
    {
        UInt128[] hashes =
        [
            NameHash.PlaceKey(Given.Acme, "a"), NameHash.ExternalId(Given.Acme, "a"), NameHash.PlaceKey(Given.Other, "a"),
            NameHash.ChangeKey(Given.Acme, "orders/cancel", "a"), NameHash.PlaceKey(Given.Acme, new string('a', 600)),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(4096)]
    public void Load_spreads_over_all_partitions(int count)
    {
        var map = new PartitionMap(count);
        var perPartition = new int[count];
        for (var i = 0; i < count * 100; i++)
        {
            perPartition[map.OwnerOfSku(Given.Acme, $"sku-{i}")]++;
            perPartition[map.OwnerOfName(NameHash.PlaceKey(Given.Acme, $"key-{i}"))]++;
        }

        // 200 expected each; six standard deviations either way.
        Assert.All(perPartition, n => Assert.InRange(n, 200 - 85, 200 + 85));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4097)]
    public void A_store_has_1_to_4096_partitions(int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PartitionMap(count));

    [Theory]
    [InlineData("acme", true)]
    [InlineData("a_b-9", true)]
    [InlineData("", false)]
    [InlineData("Acme", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("a0123456789012345678901234567890", true)]
    [InlineData("a01234567890123456789012345678901", false)]
    public void A_tenant_is_1_to_32_of_a_small_alphabet(string text, bool isValid) => Assert.Equal(isValid, TenantId.TryParse(text, out _));
}
