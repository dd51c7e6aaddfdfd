using Millrace.Simulation.Seeds;
using Xunit;

namespace Millrace.Tests.Simulation;

public sealed class SimulatorTests
{
    private static readonly SeedSettings Settings = new();

    [Fact]
    public void The_same_seed_happens_the_same_way_to_the_last_line()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var first = SeedResult.Run(seed, Settings with { TraceLimit = int.MaxValue });
            var second = SeedResult.Run(seed, Settings with { TraceLimit = int.MaxValue });
            Assert.Equal(first.Digest, second.Digest);
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal(first.Digest, SeedResult.Run(seed, Settings).Digest);
        }
    }

    [Fact]
    public void Different_seeds_are_different_worlds() =>
        Assert.Equal(20, Enumerable.Range(1, 20).Select(seed => SeedResult.Run((ulong)seed, Settings with { Orders = 20 }).Digest).Distinct().Count());
}
