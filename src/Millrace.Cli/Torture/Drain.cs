using System.Collections.Concurrent;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary>After the last kill: what was acknowledged is compared with what the servers say, and must come to rest.</summary>
internal static class Drain
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Every acknowledged order is there with every change that was acknowledged, and comes to rest; a parked one is let go on, as an operator would.
    /// An order is lost that is not there, or shows less than its client was told: an older version, or another end than the cancellation.
    /// </summary>
    /// <param name="told">What was acknowledged.</param>
    /// <param name="clients">Each compares a share of it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<(int Lost, int Stuck)> RunAsync(AckRecord told, IReadOnlyList<TortureClient> clients, CancellationToken cancellation)
    {
        var (lost, stuck, done) = (0, 0, 0);
        var deadline = TimeProvider.System.GetUtcNow() + Patience;
        var all = told.ReadAll();
        var left = new ConcurrentQueue<Ack>(all);
        await Progressing.RunAsync("orders compared", all.Count, () => done, () => Task.WhenAll(clients.Select(async client =>
        {
            while (left.TryDequeue(out var ack))
            {
                switch (await FollowAsync(ack, told, client, deadline, cancellation))
                {
                    case Found.Lost: Interlocked.Increment(ref lost); break;
                    case Found.Moving: Interlocked.Increment(ref stuck); break;
                }

                if (Interlocked.Increment(ref done) % 20 == 0)
                    await client.RepeatAsync(ack);
            }
        })));
        return (lost, stuck);
    }

    private enum Found
    {
        Lost,
        Moving,
        AtRest,
    }

    private static async Task<Found> FollowAsync(Ack ack, AckRecord told, TortureClient client, DateTimeOffset deadline, CancellationToken cancellation)
    {
        for (var round = 0; ; round++)
        {
            // Before it is read: whatever was told by now, the owner of the order has to show.
            var promised = told.Of(ack.Order);
            if (await client.FindAsync(ack) is not { } order || order.GetProperty("version").GetInt32() < promised.Version)
                return Found.Lost;
            if (IsAtRest(order))
                return promised.IsCanceled && order.Text("status") != "canceled" ? Found.Lost : Found.AtRest;
            if (TimeProvider.System.GetUtcNow() > deadline)
                return Found.Moving;
            if (Has(order, "attention"))
                await client.ResumeAsync(ack, round);
            await Task.Delay(50, cancellation);
        }
    }

    private static bool IsAtRest(JsonElement order) =>
        !Has(order, "attention") && !Has(order.GetProperty("payment"), "pending")
        && order.Text("status") switch
        {
            "pending" => false,
            // A cancellation that is still being carried out.
            "confirmed" => !Has(order, "closing"),
            _ => true,
        };

    private static bool Has(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
}
