using Millrace.Engine.Partitions;
using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Seeds;

/// <summary>The bounds of a seed's partitions: mostly small, so that a few hundred orders meet all of them.</summary>
internal static class PartitionShape
{
    public static PartitionOptions Draw(Dice dice, FaultPlan plan)
    {
        var isTiny = plan.Has(FaultKind.TinyMemory);
        var isTight = plan.Has(FaultKind.Overload);
        return new PartitionOptions
        {
            MaxOrdersInMemory = Either(isTiny, dice.Between(1, 4), dice.Between(8, 256)),
            MaxRecentNames = Either(isTiny, dice.Between(1, 4), dice.Between(8, 256)),
            MaxUnsettled = Either(isTight, dice.Between(4, 20), 4_096),
            MaxUncheckpointed = Either(isTight, dice.Between(8, 40), 8_192),
            MaxOutbox = Either(isTight, dice.Between(20, 200), 65_536),
            MaxWaiting = Either(isTight, dice.Between(2, 20), 1_024),
            MaxAwaiting = Either(isTight, dice.Between(1, 10), 8_192),
            PaymentAttempts = dice.Between(2, 8),
            PaymentRetryBase = TimeSpan.FromMilliseconds(dice.Between(20, 500)),
            PaymentRetryCap = TimeSpan.FromMilliseconds(dice.Between(500, 5_000)),
            ResendAfter = TimeSpan.FromMilliseconds(dice.Between(200, 2_000)),
            CheckpointEvery = TimeSpan.FromMilliseconds(dice.Between(50, 2_000)),
        };
    }

    // Both are drawn: what one fault changes must not change what else the dice say.
    private static int Either(bool isFirst, int first, int second) => isFirst ? first : second;
}
