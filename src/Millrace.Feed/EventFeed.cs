using Millrace.Engine.Journal;

namespace Millrace.Feed;

/// <summary>
/// All events of all orders, read from the journal: only what is durable, an order's events in their order and without a gap, those of different orders in
/// no order that means anything. Who asks again with a cursor is told the same again, so he may be told twice and misses nothing. Thread-safe.
/// </summary>
public sealed class EventFeed
{
    /// <summary>
    /// Events that one page looks at, wanted or not, of the share or not: a merchant with few orders gets empty pages that go on. What an entry has of other shares is counted at
    /// its end, so a page may go beyond by as much as one commit holds.
    /// </summary>
    public const int MostScanned = 20_000;

    // Of payloads, all logs together: some ten thousand orders of a few lines. Of very many logs each keeps a little at least.
    private const int MostKeptBytes = 8 << 20;
    private const int FewestKeptBytes = 16 << 10;

    private readonly IJournalFeed _journal;
    private readonly LogTail[] _tails;
    private readonly Lock _asking = new();
    private Task<LogBounds[]> _asked = Task.FromResult<LogBounds[]>([]);
    private Task<LogBounds[]>? _next;

    public EventFeed(IJournalFeed journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        var most = Math.Max(MostKeptBytes / journal.LogCount, FewestKeptBytes);
        (_journal, _tails) = (journal, [.. Enumerable.Range(0, journal.LogCount).Select(log => new LogTail(journal, log, most))]);
    }

    /// <summary>Whether a share is small enough for one follower; of a store with many partitions the whole is not.</summary>
    public bool Fits(FeedShare share) => share.IsValid && Count(share) is >= 1 and <= FeedCursor.MostLogs;

    /// <summary>Whether a cursor is of this store, as far as can be seen.</summary>
    public bool Knows(FeedCursor cursor) => Fits(cursor.Share) && cursor.Positions.Length == Count(cursor.Share);

    /// <summary>The oldest event that is still in the store.</summary>
    public async ValueTask<FeedCursor> StartAsync(FeedShare share, CancellationToken cancellation) =>
        At(share, await BoundsAsync(cancellation).ConfigureAwait(false), static log => log.Start);

    /// <summary>The next event that happens.</summary>
    public async ValueTask<FeedCursor> EndAsync(FeedShare share, CancellationToken cancellation) =>
        At(share, await BoundsAsync(cancellation).ConfigureAwait(false), static log => log.End);

    /// <param name="after">Of this store.</param>
    /// <param name="filter">What is wanted.</param>
    /// <param name="most">Events at most, above zero.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="FeedGoneException">The cursor is older than the journal, or of a journal that has gone on otherwise.</exception>
    /// <exception cref="StoreUnavailableException">The journal cannot be read now.</exception>
    public async ValueTask<FeedPage> ReadAsync(FeedCursor after, FeedFilter filter, int most, CancellationToken cancellation)
    {
        var bounds = await BoundsAsync(cancellation).ConfigureAwait(false);
        var page = new PageReader(after, filter, most);
        var count = page.Positions.Length;
        // The entry in whose middle the page before ended comes first, and the rest of its log last: a busy log does not keep the others back.
        var isResumed = after.Skip > 0;
        // On its way to another database, for a moment: told later, behind others or from its beginning, an order's events would come again and out of their order.
        if (isResumed && bounds[LogAt(after.Share, after.Turn)].IsAway)
            return page.ToPage(hasMore: false, isIncomplete: true);
        var isIncomplete = false;
        for (var turn = 0; turn < count + (isResumed ? 1 : 0); turn++)
        {
            var place = (after.Turn + turn) % count;
            var log = LogAt(after.Share, place);
            // Beyond the end are those who followed the store to a later moment than it was restored to: what comes next is another thing than what they were told.
            if (page.Positions[place] < bounds[log].Start || (page.Positions[place] > bounds[log].End && !bounds[log].IsAway))
                throw new FeedGoneException();
            isIncomplete |= bounds[log].IsAway;
            if (page.Positions[place] >= bounds[log].End)
                continue;
            await foreach (var entry in _tails[log].ReadAsync(page.Positions[place], bounds[log].End, cancellation).ConfigureAwait(false))
            {
                if (!page.Take(place, entry))
                    return page.ToPage(hasMore: true, isIncomplete);
                if (isResumed && turn == 0)
                    break;
            }
        }

        return page.ToPage(hasMore: false, isIncomplete);
    }

    // One log holds all partitions, or each has its own.
    private int Count(FeedShare share) => _journal.LogCount == 1 ? 1 : (_journal.LogCount - share.Index + share.Count - 1) / share.Count;

    private int LogAt(FeedShare share, int place) => _journal.LogCount == 1 ? 0 : share.Index + (place * share.Count);

    /// <exception cref="StoreUnavailableException">A log is on its way: where it begins and ends is not known now.</exception>
    private FeedCursor At(FeedShare share, LogBounds[] bounds, Func<LogBounds, long> position)
    {
        var logs = Enumerable.Range(0, Count(share)).Select(place => bounds[LogAt(share, place)]).ToList();
        return logs.Exists(log => log.IsAway)
            ? throw new StoreUnavailableException("A partition is on its way to another database.")
            : new FeedCursor(share, [.. logs.Select(position)]);
    }

    /// <summary>As they are now: whoever asks after an event was acknowledged is told it. However many ask, the store is asked one thing at a time.</summary>
    private Task<LogBounds[]> BoundsAsync(CancellationToken cancellation)
    {
        lock (_asking)
        {
            // For all who wait: it does not end with the one who asked first.
            var bounds = _asked.IsCompleted ? _asked = _journal.ReadBoundsAsync(CancellationToken.None).AsTask() : _next ??= AfterAsync(_asked);
            return bounds.WaitAsync(cancellation);
        }
    }

    private async Task<LogBounds[]> AfterAsync(Task asked)
    {
        // Its failure is told to those who asked. When it has ended by now, what follows must still come after the caller has noted this task as the next one:
        // noted later it would stay, and all who ask during a reading would be told of this one, however long ago it was.
        await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<LogBounds[]> bounds;
        lock (_asking)
        {
            _next = null;
            bounds = _asked = _journal.ReadBoundsAsync(CancellationToken.None).AsTask();
        }

        return await bounds.ConfigureAwait(false);
    }
}
