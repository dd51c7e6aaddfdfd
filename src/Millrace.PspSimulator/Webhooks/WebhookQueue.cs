using System.Threading.Channels;
using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Webhooks;

/// <summary>
/// Hands durable operations to the sender in the background. Events of one order share a lane and so keep their order
/// unless the faults say otherwise. A full lane drops, as a stop drops what waits: webhooks are hints here as
/// everywhere, and the record is the truth.
/// </summary>
internal sealed partial class WebhookQueue(WebhookSender? sender, FaultDice dice, TimeProvider time, ILogger<WebhookQueue> log) : BackgroundService
{
    private const int LaneCount = 16;
    private const int LaneCapacity = 8192;

    /// <summary>How many events of a lane are held to be sent in disorder, and for how long at most.</summary>
    internal const int HeldEvents = 8;
    private static readonly TimeSpan HoldTime = TimeSpan.FromMilliseconds(250);

    private readonly Channel<WebhookEvent>[] _lanes =
        [.. Enumerable.Range(0, LaneCount).Select(_ => Channel.CreateBounded<WebhookEvent>(LaneCapacity))];
    private long _dropped;

    public void Announce(Operation operation)
    {
        if (sender is null || WebhookEvent.For(operation) is not { } webhook || dice.Hits(dice.Settings.DropWebhookRate))
            return;
        var lane = _lanes[(int)((uint)string.GetHashCode(webhook.Order, StringComparison.Ordinal) % LaneCount)].Writer;
        var copies = dice.Hits(dice.Settings.DuplicateWebhookRate) ? 2 : 1;
        for (var copy = 0; copy < copies; copy++)
        {
            if (!lane.TryWrite(webhook))
                CountDropped();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (sender is null)
            return;
        try
        {
            await Task.WhenAll(_lanes.Select(lane => DrainAsync(lane.Reader, sender, stoppingToken)));
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Rethrown, so that the host stops: webhooks that have silently ended would look like a fault of the merchant's.
            LogBroken(log, exception);
            throw;
        }
    }

    private async Task DrainAsync(ChannelReader<WebhookEvent> lane, WebhookSender to, CancellationToken stopping)
    {
        var held = new List<WebhookEvent>(HeldEvents);
        while (await lane.WaitToReadAsync(stopping))
        {
            if (dice.Settings.OutOfOrderWebhooks)
                await HoldAsync(lane, held, stopping);
            else if (lane.TryRead(out var webhook))
                held.Add(webhook);
            foreach (var webhook in held)
                await to.SendAsync(webhook, stopping);
            held.Clear();
        }
    }

    private async Task HoldAsync(ChannelReader<WebhookEvent> lane, List<WebhookEvent> held, CancellationToken stopping)
    {
        using var hold = new CancellationTokenSource(HoldTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hold.Token, stopping);
        try
        {
            while (held.Count < HeldEvents && await lane.WaitToReadAsync(either.Token))
            {
                while (held.Count < HeldEvents && lane.TryRead(out var webhook))
                    held.Add(webhook);
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            LogHoldOver(log, held.Count);
        }

        dice.Disorder(held);
    }

    private void CountDropped()
    {
        const int logEvery = 1000;
        var dropped = Interlocked.Increment(ref _dropped);
        if (dropped % logEvery == 1)
            LogDropped(log, dropped);
    }
}
