namespace Millrace.Cli.Replay;

/// <summary>An order of the replay from its placing to its end, as the closing table needs it: kept small, since all are kept.</summary>
internal sealed class PlacedOrder(Invoice invoice)
{
    private readonly TaskCompletionSource<string?> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Country { get; } = invoice.Country;

    public long Units { get; } = invoice.Units;

    public long AmountMinor { get; } = invoice.AmountMinor;

    /// <summary>The server's id once it is placed; null when it was refused.</summary>
    public Task<string?> Id => _id.Task;

    /// <summary>As last seen.</summary>
    public string State { get; set; } = "pending";

    public bool IsSettled { get; set; }

    public void Accepted(string id) => _id.TrySetResult(id);

    public void Refused() => _id.TrySetResult(null);
}
