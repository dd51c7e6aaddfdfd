using System.Collections.Concurrent;
using Millrace.Simulation.Faults;
using Xunit;

namespace Millrace.Tests.Simulation.PlantedBugs;

/// <summary>Who watches the simulator: bugs planted on purpose, every one of which it must find.</summary>
public sealed class PlantedBugTests
{
    private const int MostSeeds = 4_000;
    private const int SoundSeeds = 20;

    [Fact]
    public void The_simulator_catches_every_planted_bug()
    {
        var caught = new ConcurrentDictionary<PlantedBug, (int Seed, int Invariant, string What)?>();
        Parallel.ForEach(
            Partitioner.Create(Catalog.All, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken },
            bug =>
            {
                using var mutant = Mutant.With(bug);
                // The one that is known to find it first: otherwise this test would mostly run seeds that find nothing.
                caught[bug] = mutant.FirstFailure(Enumerable.Range(1, MostSeeds).Prepend(bug.Seed), bug.Invariant);
            });

        Console.WriteLine("| planted bug | seed | invariant | found as |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var bug in Catalog.All)
        {
            var found = caught[bug];
            Console.WriteLine($"| {bug.Name} | {(found is null ? "not found" : found.Value.Seed)} | {found?.Invariant} | {Shortened(found?.What)} |");
        }

        Assert.True(Catalog.All.Count >= 15);
        Assert.DoesNotContain(Catalog.All, bug => caught[bug] is null);
    }

    [Fact]
    public void Without_a_bug_the_same_build_finds_nothing()
    {
        using var sound = Mutant.Without();
        Assert.Null(sound.FirstFailure(Enumerable.Range(1, SoundSeeds)));
    }

    // The decider throws at all answers of every fifth second, and not when it is asked again later: as after a bug is mended. While nodes of the version before
    // run beside it nothing can be set aside: they could not read that.
    [Fact]
    public void A_decider_that_throws_at_answers_loses_none_of_them()
    {
        using var broken = Mutant.With(new PlantedBug(0, "", "Millrace.Domain/Orders/OrderDecider.cs",
            "OrderCommand.StockReserved c => Stock", "OrderCommand.StockReserved c when context.AtUnixMs / 1_000 % 5 != 0 => Stock"));
        Assert.Null(broken.FirstFailure(Enumerable.Range(1, SoundSeeds * 5), without: FaultKind.VersionSkew));
        Assert.True(broken.Reached("Millrace.Domain.Orders.OrderEvent+AnswerSetAside") > 100);
    }

    private static string? Shortened(string? what)
    {
        var line = what?.Split('\n')[0];
        return line?.Length > 110 ? line[..110] + "…" : line;
    }
}
