using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Millrace.Feed;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>What both sides tell, read on page by page and brought together. Not thread-safe.</summary>
internal sealed partial class BothSides
{
    private const int EventsOfPage = 2_000;

    // One side may be ahead by so much while the other has more to tell.
    private const int Ahead = 5_000;
    private static readonly HashSet<string> Wanted = new(["order.placed.v1", "order.payment_requested.v1", "order.payment_succeeded.v1", "order.payment_declined.v1"], StringComparer.Ordinal);
    private static readonly FeedFilter Filter = new(null, Wanted);

    private readonly ReconciliationTools _tools;
    private readonly ILogger _logger;
    private AskedPayments _asked;
    private ReadPages<FeedCursor[]> _ours;
    private ReadPages<long> _theirs;
    private (bool Ours, bool Theirs) _hasMore;
    private long _counted;

    private BothSides(ReconciliationTools tools, ILogger logger, FeedCursor[] ours, long theirs)
    {
        (_tools, _logger) = (tools, logger);
        BeginAt(ours, theirs);
    }

    /// <summary>What waits.</summary>
    public OperationJoin Join { get; private set; }

    /// <summary>When the feed was read to its end; null for not yet.</summary>
    public DateTimeOffset? OursReadAt { get; private set; }

    /// <summary>When the provider's record was; null for not yet.</summary>
    public DateTimeOffset? TheirsReadAt { get; private set; }

    public static async Task<BothSides> BeginAsync(ReconciliationTools tools, ReconciliationState state, ILogger logger, CancellationToken cancellation)
    {
        if (tools.Feed.TryParse(state.Ours) is not { } ours)
            return new BothSides(tools, logger, await tools.Feed.StartAsync(cancellation), 0);
        var sides = new BothSides(tools, logger, ours, state.Theirs);
        if (await sides.IsBehindAsync(ours, cancellation))
            await sides.BeginAgainAsync(cancellation);
        else
            sides.TakeKept(state.Kept);
        return sides;
    }

    /// <summary>Operations that were found alike since this was last asked.</summary>
    public long TakeMatched()
    {
        var matched = Join.Matched - _counted;
        _counted = Join.Matched;
        return matched;
    }

    /// <summary>Where a restart is to go on.</summary>
    public ReconciliationState Keep(ReconciliationState state) => state with
    {
        Ours = [.. _ours.Settled.Select(cursor => cursor.ToStoredText())],
        Theirs = _theirs.Settled,
        Kept = [.. Join.Kept.Select(KeptOf)],
    };

    /// <returns>Whether there is more to read at once.</returns>
    public async Task<bool> ReadOursAsync(CancellationToken cancellation)
    {
        if (Join.IsFull || (_hasMore.Theirs && Join.Ours > Join.Theirs + Ahead))
            return false;
        try
        {
            var hasMore = false;
            for (var share = 0; share < _ours.Next.Length; share++)
            {
                var next = (FeedCursor[])_ours.Next.Clone();
                var read = await _tools.Feed.ReadShareAsync(next, share, Filter, EventsOfPage, cancellation);
                hasMore |= read.HasMore;
                _ours.Add(next, page => Take(read.Events, page));
            }

            _hasMore.Ours = hasMore;
            if (!hasMore)
                OursReadAt = _tools.Time.GetUtcNow();
        }
        catch (FeedGoneException)
        {
            if (await IsBehindAsync(_ours.Next, cancellation))
            {
                await BeginAgainAsync(cancellation);
            }
            else
            {
                // Archived: what was told there is looked up as far as the provider tells of it. What waits is kept.
                FeedBegunLater(_logger);
                (_ours, _hasMore.Ours) = (new ReadPages<FeedCursor[]>(await _tools.Feed.StartAsync(cancellation)), true);
            }
        }

        return _hasMore.Ours;
    }

    /// <returns>Whether there is more to read at once.</returns>
    /// <exception cref="PspUnavailableException">It cannot be asked now.</exception>
    public async Task<bool> ReadTheirsAsync(CancellationToken cancellation)
    {
        if (Join.IsFull || (_hasMore.Ours && Join.Theirs > Join.Ours + Ahead))
            return false;
        try
        {
            var read = await _tools.Provider.ReadAsync(_theirs.Next, cancellation);
            _theirs.Add(read.Next, page =>
            {
                foreach (var record in read.Records.Where(record => !record.IsDeclined))
                    Join.TakeTheirs(Operation.Of(record), page);
            });
            _hasMore.Theirs = read.HasMore;
            if (!read.HasMore)
                TheirsReadAt = _tools.Time.GetUtcNow();
        }
        catch (PspRecordGoneException)
        {
            // What it has lost is found only where ours is told once more too.
            RecordSetBack(_logger);
            BeginAt(await _tools.Feed.StartAsync(cancellation), 0);
        }

        return _hasMore.Theirs;
    }

    private void Take(IReadOnlyList<FeedEvent> events, ReadPage page)
    {
        foreach (var told in events)
        {
            if (_asked.Take(told) is { } operation)
                Join.TakeOurs(operation, page);
        }
    }

    private static KeptOperation KeptOf(Unmatched one)
    {
        var operation = one.Operation;
        return new KeptOperation(
            operation.PaymentKey, operation.Id, operation.Kind, one.IsTheirs, operation.AmountMinor, operation.Currency, operation.Authorization, operation.PspOrder);
    }

    private void TakeKept(IReadOnlyList<KeptOperation> kept)
    {
        foreach (var one in kept)
            Join.TakeKept(new Operation(one.PaymentKey, one.Id, one.Kind, one.AmountMinor, one.Currency, one.Authorization, one.PspOrder), one.IsTheirs);
    }

    // The store was set back to a moment before what was read of it: its orders of then are gone, and the provider has them.
    private async Task<bool> IsBehindAsync(FeedCursor[] cursors, CancellationToken cancellation) =>
        !(await _tools.Feed.WithinAsync(cursors, cancellation)).Select(cursor => cursor.ToString()).SequenceEqual(cursors.Select(cursor => cursor.ToString()), StringComparer.Ordinal);

    private async Task BeginAgainAsync(CancellationToken cancellation)
    {
        StoreSetBack(_logger);
        BeginAt(await _tools.Feed.StartAsync(cancellation), 0);
    }

    // What waits is read again, or was settled: a page that is not read any more holds nothing back.
    [MemberNotNull(nameof(Join), nameof(_asked), nameof(_ours), nameof(_theirs))]
    private void BeginAt(FeedCursor[] ours, long theirs)
    {
        Join = new OperationJoin(_tools.Time, _tools.Options.Grace, _tools.Options.MostWaiting);
        _asked = new AskedPayments(_tools.Options.MostWaiting);
        (_ours, _theirs, _hasMore, _counted) = (new ReadPages<FeedCursor[]>(ours), new ReadPages<long>(theirs), (true, true), 0);
    }

    [LoggerMessage(1, LogLevel.Warning, "The journal does not have any more what came after where the comparison with the payment provider was: it goes on from the journal's beginning.")]
    private static partial void FeedBegunLater(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "The payment provider's record does not go on where it was read to: it was set back, or is another one; all is compared from the beginning.")]
    private static partial void RecordSetBack(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "The store was set back to before what was read of it: all is compared with the payment provider from the beginning.")]
    private static partial void StoreSetBack(ILogger logger);
}
