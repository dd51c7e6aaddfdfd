namespace Millrace.Cli.Plan;

/// <summary>What is wanted.</summary>
/// <param name="PerSecond">Orders, on average over a day.</param>
/// <param name="Peak">Orders in the busiest second.</param>
/// <param name="RetentionDays">How long orders are kept.</param>
/// <param name="Standbys">Copies of each database beside itself.</param>
internal sealed record PlanTarget(double PerSecond, double Peak, double RetentionDays, int Standbys);

/// <param name="What">With its unit.</param>
/// <param name="Value">Not rounded: see <see cref="Shown"/>.</param>
/// <param name="Formula">In the names of the inputs.</param>
/// <param name="IsCounted">Whole things to order or to set: not rounded, as a store takes no number of partitions but those.</param>
internal sealed record PlanResult(string What, double Value, string Formula, bool IsCounted = false)
{
    /// <summary>As it is told.</summary>
    public double Shown => IsCounted ? Value : CapacityPlan.Rough(Value);
}

/// <summary>From a target to sizes. Every formula is linear: it is where to begin measuring, not a promise.</summary>
internal static class CapacityPlan
{
    private const int MostPartitions = 4_096;
    private const int DefaultPartitions = 64;

    // So that partitions fall evenly on cores, also on those of nodes that come later.
    private const int PartitionsPerCore = 4;

    public static IReadOnlyList<PlanResult> Of(PlanTarget target, Func<Figure, double> of)
    {
        var (cores, load, spare) = (of(PlanFigures.Cores), of(PlanFigures.Load), of(PlanFigures.Spare));
        var one = of(PlanFigures.SqlitePerSecond) * (cores / 2) * load;
        var nodeCores = target.Peak * of(PlanFigures.CpuUs) * (1 - of(PlanFigures.DatabaseShare)) / 1e6 / load;
        var databaseCores = target.Peak * of(PlanFigures.CpuUs) * of(PlanFigures.DatabaseShare) / 1e6 / load;
        var nodes = Math.Max(Math.Ceiling(nodeCores / cores), 1) + spare;
        var databases = Math.Max(Math.Ceiling(databaseCores / cores), 1);
        var perDay = target.PerSecond * 86_400 * of(PlanFigures.OrderBytes);
        var peakBytes = target.Peak * of(PlanFigures.MessageBytes);
        return
        [
            new("orders/s that one node with SQLite is planned for", one, "sqlite-per-second × cores / 2 × load; when the peak is below it and no standby is wanted, that is all it takes"),
            new("cores of all nodes together at the peak", nodeCores, "peak × cpu-us × (1 − database-share) / 10⁶ / load"),
            new("nodes", nodes, "⌈cores of all nodes / cores⌉, at least 1, + spare-nodes", IsCounted: true),
            new("cores of all databases together at the peak", databaseCores, "peak × cpu-us × database-share / 10⁶ / load"),
            new("databases, beside their standbys", databases, "⌈cores of all databases / cores⌉, at least 1", IsCounted: true),
            new("database servers with standbys", databases * (1 + target.Standbys), "databases × (1 + standbys)", IsCounted: true),
            new("partitions (fixed for the life of a store)", Partitions(nodes * cores), $"the power of two from {PartitionsPerCore} × nodes × cores up, {DefaultPartitions} to {MostPartitions}", IsCounted: true),
            new("disk a day, all databases, without standbys, GB", perDay / 1e9, "orders-per-second × 86,400 × order-bytes / 10⁹"),
            new("disk for what is kept, all databases, without standbys, GB", perDay * target.RetentionDays / 1e9, "disk a day × retention-days; older days can be archived (docs/archive.md)"),
            new("disk of all standbys, GB", perDay * target.RetentionDays * target.Standbys / 1e9, "disk for what is kept × standbys"),
            new("network with clients at the peak, Mbit/s", peakBytes * 8 / 1e6, "peak × message-bytes × 8 / 10⁶"),
            new("network between nodes at the peak, Mbit/s", peakBytes * 8 / 1e6 * (nodes - 1) / nodes, "network with clients × (nodes − 1) / nodes: a request meets its order's owner once in as many nodes as there are"),
            new("network to standbys at the peak, Mbit/s", target.Peak * of(PlanFigures.OrderBytes) * target.Standbys * 8 / 1e6, "peak × order-bytes × standbys × 8 / 10⁶"),
        ];
    }

    /// <summary>A measure in two figures: more would say what nobody knows.</summary>
    public static double Rough(double value)
    {
        if (value == 0 || (value < 100 && value == Math.Floor(value)))
            return value;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 1);
        // By division where the unit is a fraction: its power of ten is not exact.
        return unit >= 1 ? Math.Round(value / unit) * unit : Math.Round(value, (int)Math.Min(15, -Math.Log10(unit)));
    }

    private static double Partitions(double cores) =>
        Math.Clamp(Math.Pow(2, Math.Ceiling(Math.Log2(PartitionsPerCore * Math.Max(1, cores)))), DefaultPartitions, MostPartitions);
}
