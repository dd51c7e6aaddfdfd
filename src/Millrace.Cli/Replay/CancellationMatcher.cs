namespace Millrace.Cli.Replay;

/// <summary>
/// Finds the order that a C-invoice takes back. Such an invoice does not name it: it is the customer's latest earlier order
/// with exactly the same units of the same SKUs. Anything less is a return, not a cancellation.
/// </summary>
internal sealed class CancellationMatcher
{
    private readonly Dictionary<string, Stack<PlacedOrder>> _byContent = new(StringComparer.Ordinal);

    public void Add(Invoice invoice, PlacedOrder order)
    {
        if (Content(invoice) is not { } content)
            return;
        if (!_byContent.TryGetValue(content, out var orders))
            _byContent.Add(content, orders = new Stack<PlacedOrder>(1));
        orders.Push(order);
    }

    /// <returns>The order, which no other cancellation can then take back; null when there is none.</returns>
    public PlacedOrder? Take(Invoice cancellation) =>
        Content(cancellation) is { } content && _byContent.TryGetValue(content, out var orders) && orders.TryPop(out var order) ? order : null;

    private static string? Content(Invoice invoice)
    {
        // Sales to nobody in particular cannot be told apart.
        if (invoice.Customer is not { } customer)
            return null;
        var units = invoice.Lines
            .GroupBy(line => line.Source.Sku, StringComparer.Ordinal)
            .OrderBy(sku => sku.Key, StringComparer.Ordinal)
            .Select(sku => $"{sku.Key}\t{sku.Sum(line => (long)line.Quantity)}");
        return customer + "\n" + string.Join('\n', units);
    }
}
