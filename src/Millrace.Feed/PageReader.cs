namespace Millrace.Feed;

/// <summary>Fills one page, entry by entry.</summary>
internal sealed class PageReader(FeedCursor after, FeedFilter filter, int most)
{
    private readonly List<FeedEvent> _events = [];
    private readonly ushort[] _stamps = after.Stamps.ToArray();
    private int _turn = after.Turn;
    private int _skip = after.Skip;
    private int _scanned;

    public long[] Positions { get; } = after.Positions.ToArray();

    /// <param name="place">Of the log, among those of the share.</param>
    /// <param name="entry">Its next.</param>
    /// <returns>False when the page is full.</returns>
    /// <exception cref="FeedGoneException">It does not go on from what the cursor was told.</exception>
    public bool Take(int place, ToldEntry entry)
    {
        // Within an entry there is no place but behind the share's own events: what else it has is counted at its end, and never keeps a page from getting further.
        if (_scanned >= EventFeed.MostScanned)
        {
            (_turn, _skip) = (place, 0);
            return false;
        }

        // Only the entry at which the page before ended has been seen in part, and it is the first of this one.
        var (skip, seen, others) = (place == after.Turn ? _skip : 0, 0, 0);
        // Of an entry that was seen in part the stamp is that of its end.
        var stamp = skip > 0 ? entry.After : entry.Before;
        if (_stamps[place] != 0 && stamp != 0 && _stamps[place] != stamp)
            throw new FeedGoneException();
        foreach (var told in entry.Events)
        {
            if (!after.Share.Has(told.Partition))
            {
                others++;
                continue;
            }

            if (++seen <= skip)
                continue;
            if (_events.Count == most || _scanned >= EventFeed.MostScanned)
            {
                (_turn, _skip) = (place, seen - 1);
                if (_skip > 0)
                    _stamps[place] = entry.After;
                return false;
            }

            _scanned++;
            if (filter.Takes(told))
                _events.Add(told);
        }

        // One that tells nothing was read too.
        _scanned += entry.Events.Length == 0 ? 1 : others;
        (Positions[place], _stamps[place]) = (entry.End, entry.After);
        // The others have their turn next.
        (_turn, _skip) = ((place + 1) % Positions.Length, 0);
        return true;
    }

    public FeedPage ToPage(bool hasMore, bool isIncomplete) => new(_events, new FeedCursor(after.Share, Positions, _stamps, _turn, _skip), hasMore, isIncomplete);
}
