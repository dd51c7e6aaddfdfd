using Millrace.Domain.Identity;
using Millrace.Domain.Money;
using Millrace.Domain.Orders;
using Millrace.Simulation.Clients;
using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Seeds;

/// <summary>Who sells and who buys in a seed.</summary>
internal sealed class Merchants(World world, Dice dice)
{
    private static readonly TenantId[] Tenants = [TenantId.Parse("acme"), TenantId.Parse("bolt")];
    private static readonly string[] AllSkus = [.. "tea cup pot tin mug jar can box bag lid tag pin".Split(' ')];
    private readonly string[] _skus = AllSkus[..dice.Between(2, AllSkus.Length)];

    public StockClerk[] Clerks() => Array.ConvertAll(Tenants, tenant => new StockClerk(world, dice.Split(), tenant, _skus));

    /// <summary>They come within a second or several, or all at once.</summary>
    public Shopper[] Shoppers(int count)
    {
        var window = dice.Between(200_000, 3_000_000);
        if (world.Plan.Has(FaultKind.Overload))
            window = 100_000;
        var buyers = new Shopper[count];
        for (var i = 0; i < count; i++)
        {
            var arrivesUs = 150_000 + dice.Below(window);
            var wishes = Wish.Draw(dice, World.StartMs + (arrivesUs / 1_000), world.Plan.Has(FaultKind.Poison));
            var buyer = buyers[i] = new Shopper(world, dice.Split(), Placement(i, count), wishes);
            world.Schedule.After(arrivesUs, buyer.Start);
        }

        return buyers;
    }

    private OrderPlacement Placement(int number, int count)
    {
        var tenant = dice.Pick(Tenants);
        var lines = new LineItem[dice.Below(4) == 0 ? dice.Between(2, 4) : 1];
        for (var i = 0; i < lines.Length; i++)
            lines[i] = new LineItem(dice.Below(100) == 0 ? "unheard-of" : dice.Pick(_skus), dice.Between(1, 4), dice.Below(4) * 500, [], []);
        var total = 0L;
        foreach (var line in lines)
            total += line.Quantity * line.UnitPriceMinor;
        // Now and then one that the edge would not let through.
        if (dice.Below(200) == 0)
            total = -1;
        return new OrderPlacement(
            tenant, NameHash.PlaceKey(tenant, $"k{number}"), 77,
            ExternalId: dice.Below(5) == 0 ? $"W-{dice.Below(count / 4 + 1)}" : null,
            new Buyer($"c{number}", null, null), ShipTo: null, Currency.Get("EUR"), lines, 0, total, new PaymentMethod("sim", "tok_ok"),
            new PlacementOptions(dice.Below(4) == 0, dice.Below(4) == 0, dice.Below(4) == 0 ? dice.Between(200, 5_000) : dice.Between(20_000, 90_000)), []);
    }
}
