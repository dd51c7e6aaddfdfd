using Millrace.Cli.Client;
using Millrace.Cli.Orders;

namespace Millrace.Cli.Replay;

/// <summary>Sends items and their stock to the server.</summary>
internal static class CatalogLoading
{
    public const string Location = "main";

    public static Task RunAsync(
        MillraceClient client, IReadOnlyList<SalesItem> items, StockRule stock, int concurrency, CancellationToken cancellation)
    {
        var done = 0L;
        return Progressing.RunAsync("catalog", items.Count, () => Volatile.Read(ref done), () => Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellation },
            async (item, token) =>
            {
                await client.PutAsync(ItemsCommand.ItemPath(item.Sku), ItemsCommand.Render(item.Name, item.PriceMinor, SalesJson.Currency, null), token);
                if (stock.UnitsOf(item) is > 0 and var units)
                    await client.PostAsync(StockCommand.AdjustmentsPath, StockCommand.Render(item.Sku, Location, units, "replay"), ReplayKeys.Stock(item.Sku, units), token);
                Interlocked.Increment(ref done);
            }));
    }
}
