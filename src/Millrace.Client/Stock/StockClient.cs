using Millrace.Client.Items;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Stock;

/// <summary>Receipt, count, loss.</summary>
/// <param name="Delta">Below zero takes away.</param>
/// <param name="Location">The main one when null.</param>
public sealed record StockAdjustment(string Sku, long Delta, string Reason, string? Location = null);

/// <summary>What the orders of the last minutes ask for most, at one node.</summary>
/// <param name="Data">The most units first.</param>
/// <param name="Since">Of the orders taken from then on.</param>
/// <param name="AsOf">When it was asked for.</param>
public sealed record Demand(IReadOnlyList<DemandedItem> Data, DateTimeOffset Since, DateTimeOffset AsOf);

/// <param name="Lines">Order lines that ask for it, at least.</param>
/// <param name="Units">Units that they ask for, at least.</param>
/// <param name="UnitsAtMost">The same number unless your orders ask for more than 200 different items.</param>
public sealed record DemandedItem(string Sku, long Lines, long Units, long UnitsAtMost);

/// <summary>Units on hand.</summary>
public sealed class StockClient
{
    private readonly Sender _sender;

    internal StockClient(Sender sender) => _sender = sender;

    /// <summary>What the orders that the asked node has taken lately ask for most.</summary>
    /// <param name="limit">1 to 200.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_demand")]
    public Task<Answer<Demand>> GetDemandAsync(int limit = 50, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/stock/demand", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("limit", limit) }, ClientJson.Default.Demand, cancellation);
    }

    [Operation("adjust_stock")]
    public Task<Answer<Item>> AdjustAsync(StockAdjustment adjustment, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/stock/adjustments", adjustment, ClientJson.Default.StockAdjustment, options), ClientJson.Default.Item, cancellation);
}
