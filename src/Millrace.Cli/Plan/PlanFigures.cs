namespace Millrace.Cli.Plan;

/// <summary>What a plan starts from.</summary>
/// <param name="Option">That gives another value.</param>
/// <param name="What">It is, with its unit.</param>
/// <param name="Default">Without the option.</param>
/// <param name="Source">Where that comes from: measured, or assumed.</param>
internal sealed record Figure(string Option, string What, double Default, string Source);

/// <summary>The figures of docs/performance.md, and what is assumed where nothing was measured.</summary>
internal static class PlanFigures
{
    private const string Page = "docs/performance.md";

    public static readonly Figure SqlitePerSecond = new("--sqlite-per-second", "orders/s of one node with SQLite on 2 cores", 21_345, $"measured, {Page}: orders/s to confirmed, load generator on the same cores");
    public static readonly Figure CpuUs = new("--cpu-us", "processor time an order of a cluster, nodes and database, µs", 186, $"measured, {Page}: three nodes (one node: 81)");
    public static readonly Figure DatabaseShare = new("--database-share", "of which the database's, 0 to 1", 0.32, $"measured, {Page}: 74 of 231 µs by perf, three nodes");
    public static readonly Figure OrderBytes = new("--order-bytes", "bytes on disk an order", 1_090, $"measured, {Page}: with SQLite; PostgreSQL was not measured");
    public static readonly Figure MessageBytes = new("--message-bytes", "bytes of an order's request and answer together", 3_000, "assumed: two lines, headers and TLS; not measured");
    public static readonly Figure Cores = new("--cores", "cores of each node and of each database", 2, $"the machine of {Page}; more than 2 were not measured, and are taken to be worth as much each");
    public static readonly Figure Load = new("--load", "how busy cores may be at the peak, 0 to 1", 0.5, "assumed: room for a node that fails, for checkpoints, for what was not foreseen");
    public static readonly Figure Spare = new("--spare-nodes", "nodes that may be away", 1, "assumed");

    public static IReadOnlyList<Figure> All { get; } = [SqlitePerSecond, CpuUs, DatabaseShare, OrderBytes, MessageBytes, Cores, Load, Spare];
}
