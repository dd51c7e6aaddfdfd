using CsCheck;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Xunit;

namespace Millrace.Tests.Domain.Stock;

public sealed class StockProperties
{
    private static readonly string[] Skus = ["tea", "cup"];
    private static readonly string[] Locations = ["main", "east", "west"];

    [Fact]
    public void No_sequence_of_commands_oversells() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 2], Gen.Int[-6, 12], Gen.Bool, Gen.Bool).Array[0, 80].Sample(commands =>
        {
            var shelf = new Shelf();
            var held = new List<(StockTake[] Takes, bool IsAllocated)>();
            foreach (var (kind, a, n, first, second) in commands)
            {
                Do(shelf, held, kind, a, n, first, second);
                foreach (var item in shelf.Book.Items)
                {
                    Assert.True(item.Available >= -item.BackorderLimit, $"{item} is oversold");
                    Assert.Equal(Held(held, item.Sku, isAllocated: false), item.Levels.Sum(l => l.Reserved));
                    Assert.Equal(Held(held, item.Sku, isAllocated: true), item.Levels.Sum(l => l.Allocated));
                }
            }

            CountersAreTheSumOfTheEvents(shelf);
        }, iter: 3_000);

    private static void Do(Shelf shelf, List<(StockTake[] Takes, bool IsAllocated)> held, int kind, int a, int n, bool first, bool second)
    {
        switch (kind)
        {
            case 0:
                shelf.Do(new StockCommand.DefineItem(Given.Acme, Skus[a % 2], "x", n, "EUR", n));
                break;
            case 1 or 2 or 3:
                shelf.Adjust(Skus[a % 2], Locations[(a + n + 6) % 3], n);
                break;
            case 4 or 5 or 6:
                StockDemand[] demands = second ? [new("tea", Math.Abs(n) + 1), new("cup", 1)] : [new(Skus[a % 2], Math.Abs(n) + 1)];
                if (shelf.Reserve(first, second, demands) is StockEvent.Reserved e)
                    held.Add((e.Takes, false));
                break;
            case 7 when held.FindIndex(h => !h.IsAllocated) is >= 0 and var i:
                shelf.Move(StockStep.Allocate, wasAllocated: false, held[i].Takes);
                held[i] = (held[i].Takes, true);
                break;
            case 8 when held.Count > 0:
                shelf.Move(StockStep.Release, held[0].IsAllocated, held[0].Takes);
                held.RemoveAt(0);
                break;
            case 9 when held.FindIndex(h => h.IsAllocated) is >= 0 and var i:
                shelf.Move(StockStep.Deduct, wasAllocated: false, held[i].Takes);
                held.RemoveAt(i);
                break;
        }
    }

    private static long Held(List<(StockTake[] Takes, bool IsAllocated)> held, string sku, bool isAllocated) =>
        held.Where(h => h.IsAllocated == isAllocated).SelectMany(h => h.Takes).Where(t => t.Sku == sku).Sum(t => (long)t.Quantity);

    private static void CountersAreTheSumOfTheEvents(Shelf shelf)
    {
        var again = new StockBook();
        foreach (var fact in shelf.History)
            again.Evolve(fact, []);
        Assert.Equal(
            shelf.Book.Items.SelectMany(i => i.Levels.Select(l => (i.Sku, i.Version, l))),
            again.Items.SelectMany(i => i.Levels.Select(l => (i.Sku, i.Version, l))));
    }
}
