using Millrace.Client.Items;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Stock;

/// <summary>Receipt, count, loss.</summary>
/// <param name="Delta">Below zero takes away.</param>
/// <param name="Location">The main one when null.</param>
public sealed record StockAdjustment(string Sku, long Delta, string Reason, string? Location = null);

/// <summary>Units on hand.</summary>
public sealed class StockClient
{
    private readonly Sender _sender;

    internal StockClient(Sender sender) => _sender = sender;

    [Operation("adjust_stock")]
    public Task<Answer<Item>> AdjustAsync(StockAdjustment adjustment, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/stock/adjustments", adjustment, ClientJson.Default.StockAdjustment, options), ClientJson.Default.Item, cancellation);
}
