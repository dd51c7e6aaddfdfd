using System.Diagnostics;
using Millrace.Feed;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Webhooks.Delivering;

/// <summary>What is sent again: what was not taken, when it is due, and what a tenant asks for.</summary>
internal sealed partial class EndpointDelivery
{
    private async Task RetryAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var due = _room.TakeDue(_tools.Time.GetUtcNow(), 4 * AttemptWindow.Most);
            await Task.WhenAll(due.Select(first => RetryLineAsync(first, cancellation)));
            if (due.Count == 0)
                await WaitAsync(Poll, cancellation);
        }
    }

    // One after another, as long as they are taken.
    private async Task RetryLineAsync(Waiting first, CancellationToken cancellation)
    {
        for (Waiting? waiting = first; waiting is not null;)
        {
            var what = await BodyOfAsync(waiting, cancellation) is { } body
                ? await TryAsync(waiting.What, body, cancellation)
                : waiting.What with { IsFailed = true, DueAt = null, Error = SendErrors.EventGone };
            waiting = what is null ? await _room.RemoveAsync(waiting, cancellation) : await _room.GiveBackAsync(waiting, what, cancellation);
            if (what is { IsFailed: true } && _room.FailedCount >= _tools.MaxFailed)
                await StopAsync(StopReasons.TooManyFailed, cancellation);
        }
    }

    private async Task ReplayAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (Now().Replays.FirstOrDefault(replay => replay.Seq > _journal.State.ReplayedTo) is not { } replay)
            {
                await WaitAsync(Poll, cancellation);
                continue;
            }

            if (replay.Of is ReplayOf.Failed)
                await ReplayFailedAsync(_room.Failed(), cancellation);
            else if (replay.Of is not ReplayOf.One one || _room.FindFailed(one.EventId) is not { } failed)
                await ReplayFeedAsync(replay.Of, cancellation);
            else
                await ReplayFailedAsync([failed], cancellation);
            _journal.Replayed(replay.Seq);
            await _journal.SaveAsync(cancellation);
        }
    }

    private async Task ReplayFailedAsync(IReadOnlyList<Waiting> failed, CancellationToken cancellation)
    {
        foreach (var page in failed.Chunk(PageSize))
        {
            await RoomAsync(cancellation);
            await InLinesAsync(page, one => one.What.Order, one => ReplayAsync(one, cancellation));
        }
    }

    private async Task ReplayAsync(Waiting failed, CancellationToken cancellation)
    {
        var what = failed.What with { IsFailed = false, Attempts = 0, DueAt = null };
        // What nobody can tell any more stays where it is.
        if (await BodyOfAsync(failed, cancellation) is not { } body || await _room.TryQueueAsync(what, body, cancellation))
            return;
        if (await TryAsync(what, body, cancellation) is { } again)
            await _room.AddAsync(again, body, cancellation);
        else
            await _room.RemoveAsync(failed, cancellation);
    }

    // To where the feed ended when it began: what comes later is told anyway.
    private async Task ReplayFeedAsync(ReplayOf of, CancellationToken cancellation)
    {
        var end = await EndAsync(cancellation);
        var cursors = await _tools.Feed.StartAsync(cancellation);
        for (var turn = 0; !FollowedFeed.HasReached(cursors, end); turn = (turn + 1) % cursors.Length)
        {
            await RoomAsync(cancellation);
            try
            {
                var (events, from, hasMore) = await _tools.Feed.ReadAsync(cursors, turn, Filter(), PageSize, cancellation);
                var wanted = events.Where(told => IsOf(told, of)).ToList();
                await HandleAsync(wanted, from, cancellation);
                if (of is ReplayOf.One && wanted.Count > 0)
                    return;
                // Before the end it ends only where a partition is on its way to another database.
                if (!hasMore && !FollowedFeed.HasReached(cursors, end))
                    await WaitAsync(Poll, cancellation);
            }
            catch (FeedGoneException)
            {
                // Archived meanwhile.
                cursors = await _tools.Feed.StartAsync(cancellation);
            }
        }
    }

    private static bool IsOf(FeedEvent told, ReplayOf of) => of switch
    {
        ReplayOf.One one => told.Id == one.EventId,
        ReplayOf.Range range => DateTimeOffset.FromUnixTimeMilliseconds(told.Context.AtUnixMs) is var at && at >= range.From && at < range.Until,
        _ => throw new UnreachableException(),
    };

    private async Task RoomAsync(CancellationToken cancellation)
    {
        while (_room.Count >= _tools.MaxWaiting)
            await WaitAsync(Poll, cancellation);
    }
}
