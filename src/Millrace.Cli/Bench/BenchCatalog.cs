using Millrace.Cli.Bench.Load;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;
using Millrace.Cli.Replay;

namespace Millrace.Cli.Bench;

/// <summary>10,000 items with more stock than any bench can sell.</summary>
internal static class BenchCatalog
{
    private const int Senders = 32;
    private const long Units = 100_000_000;
    private const long PriceMinor = 1_000;

    public static Task LoadAsync(Uri server, string apiKey, CancellationToken cancellation)
    {
        var client = new MillraceClient(server, apiKey);
        var done = 0L;
        return Progressing.RunAsync("catalog", BenchBody.Skus, () => Volatile.Read(ref done), async () =>
        {
            using (client)
            {
                var options = new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = cancellation };
                await Parallel.ForAsync(1, BenchBody.Skus + 1, options, async (number, token) =>
                {
                    var sku = BenchBody.Sku(number);
                    await client.PutAsync(ItemsCommand.ItemPath(sku), ItemsCommand.Render($"Item {number}", PriceMinor, BenchBody.Currency, null), token);
                    await client.PostAsync(
                        StockCommand.AdjustmentsPath, StockCommand.Render(sku, CatalogLoading.Location, Units, "bench"), $"bench:stock:{sku}", token);
                    Interlocked.Increment(ref done);
                });
            }
        });
    }
}
