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
        var (cursors, old) = await BeginAsync(cancellation);
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

                // What comes after where it began is of its time, whatever the clock of its owner said; of what is told from the beginning only that clock tells.
                await HandleAsync(old is null ? events : [.. events.Where(told => told.Context.AtUnixMs >= since)], from, cancellation);
                cursors = next;
                if (old is not null && FollowedFeed.HasReached(cursors, old))
                    old = null;
                _journal.Reached(cursors, isBegunAgain: old is not null);
                if (events.Count > 0)
                    await _journal.SaveAsync(cancellation);
                if (!hasMore)
                    await WaitAsync(Poll, cancellation);
            }
            catch (FeedGoneException)
            {
                (cursors, old) = await BeginAgainAsync(cancellation);
                // In this order: where only the first was done, it is done again when the endpoint goes on. And to its end, although the deliverer ends us as soon as it sees the first.
                using var patience = new CancellationTokenSource(StopPatience, _tools.Time);
                await StopAsync(StopReasons.EventsGone, patience.Token);
                _journal.Reached(cursors, isBegunAgain: true);
                await _journal.SaveAsync(patience.Token);
                await UntilDeliveringAsync(cancellation);
            }
        }
    }

    // A store that was migrated has the endpoints, and nothing of how far they were: all of an endpoint's time is told again.
    private async Task<(FeedCursor[] Cursors, FeedCursor[]? Old)> BeginAsync(CancellationToken cancellation)
    {
        var state = _journal.State;
        if (_tools.Feed.TryParse(state.Cursors) is { } stored)
            return (await _tools.Feed.WithinAsync(stored, cancellation), state.IsBegunAgain ? await EndAsync(cancellation) : null);
        BegunAgain(_logger, _endpoint.Id);
        return await BeginAgainAsync(cancellation);
    }

    /// <returns>The beginning of all that is kept, and up to where that may be from before the endpoint was made.</returns>
    private async Task<(FeedCursor[] Cursors, FeedCursor[]? Old)> BeginAgainAsync(CancellationToken cancellation) =>
        (await _tools.Feed.StartAsync(cancellation), await EndAsync(cancellation));

    private async Task<FeedCursor[]> EndAsync(CancellationToken cancellation) => _tools.Feed.TryParse(await _tools.Feed.EndAsync(cancellation))!;

    [LoggerMessage(1, LogLevel.Warning, "Nothing is known of how far the webhook endpoint {Endpoint} was: it is told again all that happened since it was made.")]
    private static partial void BegunAgain(ILogger logger, string endpoint);
}
