using System.Collections.Concurrent;
using Millrace.Engine.Payments;

namespace Millrace.Cluster.Payments;

/// <summary>
/// Keeps what is to be asked of a paused provider until it is resumed. The intent is durable, and pending, as if its call took long: no attempt is counted, nothing
/// times out, and a crash or a hand-over begins the same intent anew, with the same key. How many wait is bounded as orders are, that stand still: new ones are refused
/// once the oldest has waited for as long as the node's limit on the backlog allows. Thread-safe.
/// </summary>
public sealed class PausableGateway(IPaymentGateway provider, PausedProviders paused, PauseMetrics metrics) : IPaymentGateway, IDisposable
{
    // Those that have waited come a few at a time: all at once would fill the gateway's own queue, and what that refuses counts as an attempt.
    private const int Turns = 16;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    public ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        paused.See(request.Psp);
        return paused.IsPaused(request.Psp) ? WaitAsync(request, cancellation) : provider.ExecuteAsync(request, cancellation);
    }

    public void Dispose()
    {
        foreach (var turns in _turns.Values)
            turns.Dispose();
    }

    private async ValueTask<PaymentOutcome> WaitAsync(PaymentRequest request, CancellationToken cancellation)
    {
        // Of each provider: one that is slow to recover holds up no other.
        var turns = _turns.GetOrAdd(request.Psp, static _ => new SemaphoreSlim(Turns));
        metrics.Holds();
        var isHeld = true;
        try
        {
            while (true)
            {
                await paused.UntilResumedAsync(request.Psp, cancellation);
                await turns.WaitAsync(cancellation);
                try
                {
                    // Paused again, while it waited for its turn.
                    if (paused.IsPaused(request.Psp))
                        continue;
                    metrics.LetsGo();
                    isHeld = false;
                    // Its partition may have gone to an owner who asked for the same long ago: the provider is looked at first, which may have forgotten the key.
                    return await provider.ExecuteAsync(request with { Attempt = Math.Max(2, request.Attempt) }, cancellation);
                }
                finally
                {
                    turns.Release();
                }
            }
        }
        finally
        {
            if (isHeld)
                metrics.LetsGo();
        }
    }
}
