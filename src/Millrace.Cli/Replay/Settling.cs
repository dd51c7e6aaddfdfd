using System.Text.Json;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;

namespace Millrace.Cli.Replay;

/// <summary>Asks for every order until none is on its way any more, or time is up.</summary>
internal static class Settling
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(
        MillraceClient client, IReadOnlyList<PlacedOrder> orders, int concurrency, TimeSpan timeout, CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        var done = 0L;
        await Progressing.RunAsync("settling", orders.Count, () => Volatile.Read(ref done), async () =>
        {
            var open = orders.Where(order => !order.IsSettled).ToList();
            while (true)
            {
                var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellation };
                await Parallel.ForEachAsync(open, options, (order, token) => AskAsync(client, order, token));
                open = open.FindAll(order => !order.IsSettled);
                Volatile.Write(ref done, orders.Count - open.Count);
                if (open.Count == 0 || TimeProvider.System.GetElapsedTime(startedAt) > timeout)
                    return;
                await Task.Delay(Between, cancellation);
            }
        });
    }

    private static async ValueTask AskAsync(MillraceClient client, PlacedOrder order, CancellationToken cancellation)
    {
        if (await order.Id.WaitAsync(cancellation) is not { } id)
            return;
        var answer = await client.GetAsync(ReadOrders.OrderPath(id), cancellation);
        (order.State, order.IsSettled) = Read(answer.Body);
    }

    /// <summary>The end state of an order, or where it is.</summary>
    internal static (string State, bool IsSettled) Read(JsonElement order)
    {
        var status = order.Text("status") ?? "unknown";
        if (order.Find("attention") is not null)
            return ("parked", true);
        return status switch
        {
            "pending" => (status, false),
            // Confirmed, but being given up: it will be canceled.
            "confirmed" => (status, order.Find("closing") is null),
            _ => (status, true),
        };
    }
}
