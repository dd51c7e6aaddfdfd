using Microsoft.Extensions.Logging;
using Millrace.Feed;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>The comparison from where it was kept, turn by turn. Not thread-safe, but for <see cref="See"/>.</summary>
internal sealed partial class Comparison
{
    private const int EventsOfPage = 2_000;
    // One side may be ahead by so much while the other has more to tell.
    private const int Ahead = 5_000;
    private const int LooksOfTurn = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WhileInTrouble = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);
    private static readonly HashSet<string> Wanted = new(["order.placed.v1", "order.payment_requested.v1", "order.payment_succeeded.v1", "order.payment_declined.v1"], StringComparer.Ordinal);
    private static readonly FeedFilter Filter = new(null, Wanted);

    private readonly ReconciliationTools _tools;
    private readonly ILogger _logger;
    private readonly BreakJudge _judge;
    private readonly OpenBreaks _breaks;
    private readonly OperationJoin _join;
    private readonly AskedPayments _asked;
    private readonly DateTimeOffset _beganAt;
    private ReadPages<FeedCursor[]> _ours;
    private ReadPages<long> _theirs;
    private ReconciliationState _state;
    private long _version;
    private long _countedMatches;
    private long _refused;
    private int _share;
    private (bool Ours, bool Theirs) _hasMore = (true, true);
    private DateTimeOffset _lookedAt;
    private DateTimeOffset _savedAt;

    private Comparison(ReconciliationTools tools, ILogger logger, ReconciliationState state, long version, FeedCursor[] ours)
    {
        (_tools, _logger, _state, _version) = (tools, logger, state, version);
        _judge = new BreakJudge(tools.Orders, tools.Provider);
        _breaks = new OpenBreaks(tools.Store, _judge, tools.Time);
        _join = new OperationJoin(tools.Time, tools.Options.Grace, tools.Options.MostWaiting);
        _asked = new AskedPayments(tools.Options.MostWaiting);
        (_ours, _theirs) = (new ReadPages<FeedCursor[]>(ours), new ReadPages<long>(state.Theirs));
        _beganAt = tools.Time.GetUtcNow();
    }

    /// <exception cref="Millrace.Engine.Journal.StoreUnavailableException">It cannot be read now. As of all that follow.</exception>
    public static async Task<Comparison> BeginAsync(ReconciliationTools tools, ILogger logger, CancellationToken cancellation)
    {
        var (state, version) = await tools.Store.ReadStateAsync(cancellation);
        var ours = tools.Feed.TryParse(state?.Ours ?? []) is { } stored
            ? await tools.Feed.WithinAsync(stored, cancellation)
            : await tools.Feed.StartAsync(cancellation);
        return new Comparison(tools, logger, state ?? new ReconciliationState(), version, ours);
    }

    /// <summary>What is to be seen of it now; from any thread.</summary>
    public ReconciliationSight See()
    {
        var state = _state;
        var since = state is { OursReadAt: { } ours, TheirsReadAt: { } theirs } ? (ours < theirs ? ours : theirs) : _beganAt;
        return new ReconciliationSight(_tools.Time.GetUtcNow() - since, state.Unsettled, _breaks.All);
    }

    /// <returns>How long to wait before the next; null when another node has written.</returns>
    public async Task<TimeSpan?> TurnAsync(CancellationToken cancellation)
    {
        var refused = _tools.Refused();
        if (refused != _refused)
        {
            _refused = refused;
            return Poll;
        }

        string? trouble = null;
        var looks = 0;
        try
        {
            // First, so that a provider that is away keeps nobody from seeing his breaks.
            await LookAgainAsync(cancellation);
            if (_breaks.All.Count >= BreakStore.MostOpen)
            {
                trouble = "too_many_breaks";
            }
            else
            {
                await ReadOursAsync(cancellation);
                await ReadTheirsAsync(cancellation);
                looks = await LookUpAsync(cancellation);
            }
        }
        catch (PspUnavailableException failure)
        {
            trouble = failure.Code;
        }

        _state = _state with { Unsettled = _join.Count, Trouble = trouble };
        if (!await SaveAsync(cancellation))
            return null;
        return trouble is not null ? WhileInTrouble : _hasMore is (false, false) && looks < LooksOfTurn ? Poll : TimeSpan.Zero;
    }

    private async Task LookAgainAsync(CancellationToken cancellation)
    {
        if (_tools.Time.GetUtcNow() - _lookedAt < _tools.Options.LookAgainAfter)
            return;
        _lookedAt = _tools.Time.GetUtcNow();
        await _breaks.LookAgainAsync(cancellation);
    }

    private async Task ReadOursAsync(CancellationToken cancellation)
    {
        if (_join.IsFull || (_hasMore.Theirs && _join.Ours > _join.Theirs + Ahead))
            return;
        try
        {
            var next = (FeedCursor[])_ours.Next.Clone();
            (var events, _, _hasMore.Ours) = await _tools.Feed.ReadAsync(next, _share, Filter, EventsOfPage, cancellation);
            _share = (_share + 1) % next.Length;
            _ours.Add(next, page =>
            {
                foreach (var told in events)
                {
                    if (_asked.Take(told) is { } operation)
                        _join.TakeOurs(operation, page);
                }
            });
        }
        catch (FeedGoneException)
        {
            // Archived, or the store was set back: what was told before is looked up as far as the provider tells of it.
            FeedBegunAgain(_logger);
            _ours = new ReadPages<FeedCursor[]>(await _tools.Feed.StartAsync(cancellation));
            _hasMore.Ours = true;
        }

        if (!_hasMore.Ours)
            _state = _state with { OursReadAt = _tools.Time.GetUtcNow() };
    }

    private async Task ReadTheirsAsync(CancellationToken cancellation)
    {
        if (_join.IsFull || (_hasMore.Ours && _join.Theirs > _join.Ours + Ahead))
            return;
        try
        {
            var read = await _tools.Provider.ReadAsync(_theirs.Next, cancellation);
            _hasMore.Theirs = read.Records.Count > 0;
            _theirs.Add(read.Next, page =>
            {
                foreach (var record in read.Records.Where(record => !record.IsDeclined))
                    _join.TakeTheirs(new Operation(record.Reference, record.Id, record.Kind, record.Amount, record.Currency), page);
            });
        }
        catch (PspRecordGoneException)
        {
            // What it has lost is found only where ours is told once more too.
            RecordBegunAgain(_logger);
            (_theirs, _ours, _hasMore) = (new ReadPages<long>(0), new ReadPages<FeedCursor[]>(await _tools.Feed.StartAsync(cancellation)), (true, true));
        }

        if (!_hasMore.Theirs)
            _state = _state with { TheirsReadAt = _tools.Time.GetUtcNow() };
    }

    private async Task<int> LookUpAsync(CancellationToken cancellation)
    {
        var due = _join.TakeDue(LooksOfTurn);
        foreach (var some in due.Chunk(PspRecords.MaxConcurrentCalls))
        {
            // Together to look, one by one to write.
            var found = await Task.WhenAll(some.Select(one => LookAsync(one, cancellation)));
            for (var i = 0; i < some.Length; i++)
                await SettleAsync(some[i], found[i], cancellation);
        }

        return due.Count;
    }

    private async Task<Judgement?> LookAsync(Unmatched one, CancellationToken cancellation)
    {
        try
        {
            return await _judge.JudgeAsync(one.Operation.PaymentKey, one.Operation.Id, cancellation);
        }
        catch (PspUnavailableException)
        {
            // It waits; that the provider is away is told by the reading of its record.
            return null;
        }
    }

    private async Task SettleAsync(Unmatched one, Judgement? found, CancellationToken cancellation)
    {
        if (found is null)
        {
            _join.GiveBack(one, WhileInTrouble);
            return;
        }

        await _breaks.ApplyAsync(found, one.Operation.PaymentKey, one.Operation.Id, cancellation);
        OperationJoin.Settle(one);
        _state = _state with { LookedUp = _state.LookedUp + 1 };
        _tools.Metrics.LookedUp(1);
    }

    private async Task<bool> SaveAsync(CancellationToken cancellation)
    {
        var matched = _join.Matched - _countedMatches;
        (_countedMatches, _state) = (_join.Matched, _state with { Matched = _state.Matched + matched });
        _tools.Metrics.Matched(matched);
        var now = _tools.Time.GetUtcNow();
        if (now - _savedAt < SaveEvery)
            return true;
        _savedAt = now;
        _state = _state with { Node = _tools.Node, SavedAt = now, Ours = [.. _ours.Settled.Select(cursor => cursor.ToString())], Theirs = _theirs.Settled };
        if (await _tools.Store.TrySaveStateAsync(_state, _version, cancellation) is not { } version)
            return false;
        _version = version;
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "The journal does not have what came after where the comparison with the payment provider was: it goes on from the journal's beginning.")]
    private static partial void FeedBegunAgain(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "The payment provider's record does not go as far as it was read: all is compared from the beginning.")]
    private static partial void RecordBegunAgain(ILogger logger);
}
