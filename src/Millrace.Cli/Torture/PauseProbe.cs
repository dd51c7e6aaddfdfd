using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Torture;

/// <summary>Asks one partition again and again, through one node after the other, and notes for how long nobody answered at most.</summary>
internal sealed class PauseProbe(IReadOnlyList<HttpClient> nodes, int partition)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(4);

    /// <summary>Until told to stop; then until it is answered once more.</summary>
    /// <returns>The longest time between two answers.</returns>
    public async Task<TimeSpan> RunAsync(CancellationToken stop, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var (answered, longest) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var i = 0; ; i++)
        {
            var isLast = stop.IsCancellationRequested;
            if (await IsAnsweredAsync(nodes[i % nodes.Count], cancellation))
            {
                var now = watch.Elapsed;
                longest = now - answered > longest ? now - answered : longest;
                answered = now;
                if (isLast)
                    return longest;
            }

            await Task.Delay(Every, cancellation);
        }
    }

    // It is nobody's order: any other answer is a refusal.
    private async Task<bool> IsAnsweredAsync(HttpClient node, CancellationToken cancellation)
    {
        try
        {
            using var answer = await node.GetAsync($"/v1/orders/{OrderId.Create(1_700_000_000_000, partition, 1)}", cancellation);
            return answer.StatusCode == HttpStatusCode.NotFound;
        }
        catch (Exception broken) when (broken is HttpRequestException or SocketException || (broken is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
