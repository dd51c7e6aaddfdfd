using Millrace.Engine.Journal;

namespace Millrace.Feed;

/// <summary>The whole feed as one follower sees it: of a store with very many partitions that takes several cursors, each of a share.</summary>
public sealed class FollowedFeed(EventFeed feed)
{
    private const int PageSize = 200;

    /// <summary>Where the next event that happens will be.</summary>
    public async ValueTask<IReadOnlyList<string>> EndAsync(CancellationToken cancellation) =>
        [.. (await AllAsync(feed.EndAsync, cancellation)).Select(cursor => cursor.ToString())];

    public ValueTask<FeedCursor[]> StartAsync(CancellationToken cancellation) => AllAsync(feed.StartAsync, cancellation);

    /// <returns>Null when they are not of this store.</returns>
    public FeedCursor[]? TryParse(IReadOnlyList<string> texts)
    {
        var cursors = new FeedCursor[texts.Count];
        for (var i = 0; i < cursors.Length; i++)
        {
            if (!FeedCursor.TryParse(texts[i], out var cursor) || !feed.Knows(cursor) || cursor.Share != new FeedShare(i, cursors.Length))
                return null;
            cursors[i] = cursor;
        }

        return cursors.Length == 0 ? null : cursors;
    }

    /// <summary>
    /// The same, but not behind the end: a store that was restored may end before where it was read to when it was copied, and what happens in it next is
    /// another thing than what was read there.
    /// </summary>
    /// <exception cref="StoreUnavailableException">A log is on its way between databases: where it ends is not known now.</exception>
    public async ValueTask<FeedCursor[]> WithinAsync(FeedCursor[] cursors, CancellationToken cancellation)
    {
        var end = await AllAsync(feed.EndAsync, cancellation);
        return [.. cursors.Select((cursor, i) => Within(cursor, end[i]))];
    }

    public static bool HasReached(FeedCursor[] cursors, FeedCursor[] end)
    {
        for (var i = 0; i < cursors.Length; i++)
        {
            for (var log = 0; log < cursors[i].Positions.Length; log++)
            {
                if (cursors[i].Positions[log] < end[i].Positions[log])
                    return false;
            }
        }

        return true;
    }

    /// <summary>The next events of the first share that has some.</summary>
    /// <param name="cursors">Moved on.</param>
    /// <param name="first">The share to begin with, above zero or zero; another at each call, so that a busy one keeps no other back.</param>
    /// <param name="filter">What is wanted.</param>
    /// <param name="most">Events at most.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The events, where to ask to be told them again, and whether there is more behind them.</returns>
    /// <exception cref="FeedGoneException">What comes next is archived.</exception>
    /// <exception cref="StoreUnavailableException">The journal cannot be read now.</exception>
    public async ValueTask<(IReadOnlyList<FeedEvent> Events, FeedCursor From, bool HasMore)> ReadAsync(
        FeedCursor[] cursors, int first, FeedFilter filter, int most, CancellationToken cancellation)
    {
        for (var turn = 0; turn < cursors.Length; turn++)
        {
            var i = (first + turn) % cursors.Length;
            var from = cursors[i];
            var page = await feed.ReadAsync(from, filter, most, cancellation);
            cursors[i] = page.Next;
            if (page.Events.Count > 0 || page.HasMore)
                return (page.Events, from, page.HasMore || turn < cursors.Length - 1);
        }

        return ([], cursors[0], false);
    }

    /// <summary>The next events of one share.</summary>
    /// <param name="cursors">Moved on.</param>
    /// <param name="share">Its number, from 0.</param>
    /// <param name="filter">What is wanted.</param>
    /// <param name="most">Events at most.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="FeedGoneException">What comes next is archived, or the store was set back.</exception>
    /// <exception cref="StoreUnavailableException">The journal cannot be read now.</exception>
    public async ValueTask<FeedPage> ReadShareAsync(FeedCursor[] cursors, int share, FeedFilter filter, int most, CancellationToken cancellation)
    {
        var page = await feed.ReadAsync(cursors[share], filter, most, cancellation);
        cursors[share] = page.Next;
        return page;
    }

    /// <returns>Null when it is not told there any more.</returns>
    /// <exception cref="StoreUnavailableException">The journal cannot be read now, or a log is on its way between databases: the event may be in it.</exception>
    public async ValueTask<FeedEvent?> FindAsync(string cursor, FeedFilter filter, string eventId, CancellationToken cancellation)
    {
        if (!FeedCursor.TryParse(cursor, out var from) || !feed.Knows(from))
            return null;
        try
        {
            // The feed has grown since, in all logs: the event may be on a later page than it was.
            while (true)
            {
                var page = await feed.ReadAsync(from, filter, PageSize, cancellation);
                if (page.Events.FirstOrDefault(told => told.Id == eventId) is { } found)
                    return found;
                if (!page.HasMore)
                    return page.IsIncomplete ? throw new StoreUnavailableException("A partition is on its way to another database.") : null;
                from = page.Next;
            }
        }
        catch (FeedGoneException)
        {
            return null;
        }
    }

    private static FeedCursor Within(FeedCursor cursor, FeedCursor end)
    {
        var (positions, stamps) = (cursor.Positions.ToArray(), cursor.Stamps.ToArray());
        var isBehind = false;
        for (var log = 0; log < positions.Length; log++)
        {
            if (positions[log] <= end.Positions[log])
                continue;
            (positions[log], stamps[log]) = (end.Positions[log], end.Stamps[log]);
            isBehind = true;
        }

        // Nothing of what comes next there has been seen.
        isBehind |= cursor.Skip > 0 && positions[cursor.Turn] == end.Positions[cursor.Turn];
        return isBehind ? new FeedCursor(cursor.Share, positions, stamps, 0, 0) : cursor;
    }

    private async ValueTask<FeedCursor[]> AllAsync(Func<FeedShare, CancellationToken, ValueTask<FeedCursor>> at, CancellationToken cancellation)
    {
        var count = 1;
        // The first share is never smaller than another.
        while (!feed.Fits(new FeedShare(0, count)))
            count++;
        var cursors = new FeedCursor[count];
        for (var i = 0; i < count; i++)
            cursors[i] = await at(new FeedShare(i, count), cancellation);
        return cursors;
    }
}
