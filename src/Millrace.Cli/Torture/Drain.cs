using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary>After the last kill: what was acknowledged is compared with what the servers say, and must come to rest.</summary>
internal static class Drain
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Every acknowledged order is there and comes to rest; a parked one is let go on, as an operator would.</summary>
    public static async Task<(int Lost, int Stuck)> RunAsync(AckRecord told, TortureClient client, CancellationToken cancellation)
    {
        var (lost, stuck, done) = (0, 0, 0L);
        var deadline = TimeProvider.System.GetUtcNow() + Patience;
        var all = told.All;
        await Progressing.RunAsync("orders compared", all.Count, () => done, async () =>
        {
            foreach (var ack in all)
            {
                for (var round = 0; ; round++)
                {
                    if (await client.FindAsync(ack) is not { } order)
                    {
                        lost++;
                        break;
                    }

                    if (IsAtRest(order))
                        break;
                    if (TimeProvider.System.GetUtcNow() > deadline)
                    {
                        stuck++;
                        break;
                    }

                    if (Has(order, "attention"))
                        await client.ResumeAsync(ack, round);
                    await Task.Delay(50, cancellation);
                }

                if (done++ % 20 == 0)
                    await client.RepeatAsync(ack);
            }
        });
        return (lost, stuck);
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
