namespace Millrace.Cli.Bench;

/// <summary>What <c>bench place</c> was asked for.</summary>
/// <param name="Duration">Of the measured window.</param>
/// <param name="Partitions">Null for the server's default.</param>
/// <param name="Rate">Orders a second of the open loop; null for wrk's closed loop.</param>
/// <param name="DataDirectory">Kept afterwards; null for a temporary one.</param>
internal sealed record PlaceSettings(
    string Storage, TimeSpan Duration, int Connections, int? Partitions, bool IsHot, int? Rate, bool IsHttpPsp, string? DataDirectory)
{
    public string Scenario => (IsHot ? "place_hot" : "place") + (Rate is { } rate ? $"_at_{rate}" : "");
}
