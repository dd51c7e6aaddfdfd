using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Simulation;

/// <summary>
/// A shop under everything that may go wrong at once, then a while in which nothing does. Safety is checked at every
/// output, liveness at the end. A failing seed replays exactly.
/// </summary>
public sealed class RandomizedShopTests
{
    private const int Orders = 100;
    private static readonly string[] Skus = ["tea", "cup", "pot", "tin", "mug"];

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(200)]
    public void Whatever_goes_wrong_every_order_ends_once_and_nothing_is_lost_charged_twice_or_oversold(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + 100; seed++)
        {
            try
            {
                Run(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void A_seed_replays_exactly() => Assert.Equal(Run(7), Run(7));

    /// <returns>The chain of every batch that was written.</returns>
    private static List<UInt128> Run(int seed)
    {
        var faults = new Faults(seed)
        {
            Reorders = true, Crash = 0.002, LoseMessage = 0.03, RepeatMessage = 0.05, FailRead = 0.05, FailCommit = 0.02,
        };
        var shop = Shop(faults);
        var clients = Enumerable.Range(0, Orders).Select(i => new Client(shop, faults.Random, Placement(faults.Random, i))).ToArray();
        var next = 0;
        while (Array.Exists(clients, c => !c.IsDone))
        {
            for (var arrivals = faults.Random.Next(12); arrivals > 0 && next < clients.Length; arrivals--)
                clients[next++].Start();
            foreach (var client in clients.AsSpan(0, next))
                client.Go();
            shop.Advance(faults.Random.Next(20, 400));
            Assert.True(shop.NowMs < Given.NowMs + 3_600_000, "Clients never came to an end.");
        }

        Heal(shop, clients);
        var orders = InvariantCheck.Run(shop);
        Assert.All(orders, o => Assert.True(o.Status != OrderStatus.Pending && o.Parked is null && o.Payment.Pending is null, $"{o.Id} is stuck"));
        Assert.All(clients, c => Assert.Equal(c.Placement.KeyHash, shop.OrderOf(c.Id).Placement.KeyHash));
        Assert.Equal(Orders, orders.Count);
        return [.. Enumerable.Range(0, shop.Map.Count).SelectMany(shop.Journal.Of).Select(b => b.Chain)];
    }

    private static PartitionHarness Shop(Faults faults)
    {
        var options = new PartitionOptions
        {
            MaxOrdersInMemory = faults.Random.Next(1, 40), MaxRecentNames = faults.Random.Next(1, 40), PaymentAttempts = 4,
            MaxUnsettled = 60, MaxWaiting = 20,
        };
        var calm = (faults.Crash, faults.LoseMessage, faults.FailCommit);
        (faults.Crash, faults.LoseMessage, faults.FailCommit) = (0, 0, 0);
        var shop = new PartitionHarness(4, options, faults);
        foreach (var sku in Skus)
            shop.WithItem(sku, faults.Random.Next(20, 200), faults.Random.Next(0, 10));
        (faults.Crash, faults.LoseMessage, faults.FailCommit) = calm;
        shop.Psp.KeyLifetimeMs = 2_000;
        shop.Psp.Script = _ => faults.Random.Next(100) switch
        {
            < 10 => PspAnswer.LostRequest,
            < 20 => PspAnswer.LostAnswer,
            < 24 => PspAnswer.Decline,
            _ => PspAnswer.Success,
        };
        return shop;
    }

    private static OrderPlacement Placement(Random random, int i)
    {
        var lines = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Given.Line(Skus[random.Next(Skus.Length)], random.Next(1, 4), random.Next(0, 3) * 500));
        return Given.Keyed($"k{i}", [.. lines]) with
        {
            ExternalId = random.Next(4) == 0 ? $"W-{random.Next(Orders / 5)}" : null,
            Options = new PlacementOptions(random.Next(4) == 0, random.Next(4) == 0, random.Next(2) == 0 ? 2_000 : 900_000),
        };
    }

    private static void Heal(PartitionHarness shop, Client[] clients)
    {
        shop.Faults!.Stop();
        shop.Psp.Script = null;
        shop.RunUntil(() => Array.TrueForAll(clients, c => IsAtRest(shop, shop.OrderOf(c.Id))), stepMs: 2_000);
    }

    private static bool IsAtRest(PartitionHarness shop, Order order)
    {
        if (order.Parked is not null)
            shop.Changed(order.Id, new OrderCommand.Resume("healed"));
        foreach (var hold in order.Holds)
            shop.Changed(order.Id, new OrderCommand.ReleaseHold(hold.Id));
        return order is { Parked: null, Payment.Pending: null } && order.Status != OrderStatus.Pending
            && !Array.Exists(order.StockParts, p => p.IsInFlight) && (order.Closing is null || order.Status.IsTerminal());
    }
}
