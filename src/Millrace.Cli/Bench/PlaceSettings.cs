namespace Millrace.Cli.Bench;

/// <summary>What <c>bench place</c> was asked for.</summary>
/// <param name="Duration">Of the measured window.</param>
/// <param name="Partitions">Null for the server's default.</param>
/// <param name="Nodes">Over one PostgreSQL.</param>
/// <param name="Rate">Orders a second of the open loop; null for wrk's closed loop.</param>
/// <param name="Tenants">With a catalog and a key each.</param>
/// <param name="More">Further arguments of <c>serve</c>.</param>
/// <param name="DataDirectory">Kept afterwards; null for a temporary one.</param>
internal sealed record PlaceSettings(
    string Storage, TimeSpan Duration, int Connections, int? Partitions, bool IsHot, int? Rate, bool IsHttpPsp, string? DataDirectory, int Nodes = 1, int Tenants = 1,
    IReadOnlyList<string>? More = null)
{
    public string Scenario => (IsHot ? "place_hot" : "place") + (Nodes > 1 ? $"_{Nodes}_nodes" : "") + (Rate is { } rate ? $"_at_{rate}" : "");
}
