using Microsoft.Extensions.Logging;
using Millrace.Feed;
using Millrace.Webhooks.Endpoints;

namespace Millrace.Webhooks.Delivering;

/// <summary>The endpoint's way through the feed.</summary>
internal sealed partial class EndpointDelivery
{
    // Whoever owned an order may have had another time than who made the endpoint.
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WhileFull = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private async Task FollowAsync(CancellationToken cancellation)
    {
        var cursors = await BeginAsync(cancellation);
        var since = (_endpoint.CreatedAt - ClocksDiffer).ToUnixTimeMilliseconds();
        for (var turn = 0; ; turn = (turn + 1) % cursors.Length)
        {
            var room = _tools.MaxWaiting - _room.Count;
            try
            {
                var next = (FeedCursor[])cursors.Clone();
                var (events, from, hasMore) = await _tools.Feed.ReadAsync(next, turn, Filter(), Math.Clamp(room, 1, PageSize), cancellation);
                _journal.Behind(events.Count == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(events.Min(told => told.Context.AtUnixMs)));
                if (events.Count > 0 && room < 1)
                {
                    // Read only to tell how far behind it is.
                    await WaitAsync(WhileFull, cancellation);
                    continue;
                }

                // Before it was made it is told of nothing, wherever it begins.
                await HandleAsync([.. events.Where(told => told.Context.AtUnixMs >= since)], from, cancellation);
                cursors = next;
                _journal.Reached(cursors);
                if (events.Count > 0)
                    await _journal.SaveAsync(cancellation);
                if (!hasMore)
                    await WaitAsync(Poll, cancellation);
            }
            catch (FeedGoneException)
            {
                cursors = await _tools.Feed.StartAsync(cancellation);
                // In this order: where only the first was done, it is done again when the endpoint goes on. And to its end, although the deliverer ends us as soon as it sees the first.
                using var patience = new CancellationTokenSource(StopPatience, _tools.Time);
                await StopAsync(StopReasons.EventsGone, patience.Token);
                _journal.Reached(cursors);
                await _journal.SaveAsync(patience.Token);
                await UntilDeliveringAsync(cancellation);
            }
        }
    }

    // A store that was migrated has the endpoints, and nothing of how far they were: all of an endpoint's time is told again.
    private async Task<FeedCursor[]> BeginAsync(CancellationToken cancellation)
    {
        if (_tools.Feed.TryParse(_journal.State.Cursors) is { } stored)
            return await _tools.Feed.WithinAsync(stored, cancellation);
        BegunAgain(_logger, _endpoint.Id);
        return await _tools.Feed.StartAsync(cancellation);
    }

    [LoggerMessage(1, LogLevel.Warning, "Nothing is known of how far the webhook endpoint {Endpoint} was: it is told again all that happened since it was made.")]
    private static partial void BegunAgain(ILogger logger, string endpoint);
}
