using Microsoft.Extensions.Logging;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>The comparison from where it was kept, turn by turn. Not thread-safe, but for <see cref="See"/>.</summary>
internal sealed partial class Comparison
{
    // With so many open it stands.
    private const string TooManyBreaks = "too_many_breaks";
    private const int LooksOfTurn = 200;

    // A node that is always short of time compares little, and not nothing.
    private const int MostTurnsLeftOut = 20;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WhileInTrouble = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);

    private readonly ReconciliationTools _tools;
    private readonly BreakJudge _judge;
    private readonly OpenBreaks _breaks;
    private readonly BothSides _sides;
    private readonly DateTimeOffset _beganAt;
    private ReconciliationState _state;
    private ReconciliationSight _sight;
    private long _version;
    private long _refused;
    private int _turnsLeftOut;
    // Of the clock that is never set back, as it is only about what has passed since; null before the first.
    private long? _lookedAt;
    private long? _savedAt;

    private Comparison(ReconciliationTools tools, ReconciliationState state, long version, BothSides sides, ILogger logger)
    {
        (_tools, _state, _version, _sides) = (tools, state, version, sides);
        _judge = new BreakJudge(tools.Orders, tools.Provider);
        _breaks = new OpenBreaks(tools.Store, _judge, tools.Time, logger);
        (_beganAt, _refused) = (tools.Time.GetUtcNow(), tools.Refused());
        _sight = new ReconciliationSight(tools.Time, SettledAt(), 0, []);
    }

    /// <exception cref="Millrace.Engine.Journal.StoreUnavailableException">It cannot be read now. As of all that follow.</exception>
    public static async Task<Comparison> BeginAsync(ReconciliationTools tools, ILogger logger, CancellationToken cancellation)
    {
        var (state, version) = await tools.Store.ReadStateAsync(cancellation);
        state ??= new ReconciliationState();
        return new Comparison(tools, state, version, await BothSides.BeginAsync(tools, state, logger, cancellation), logger);
    }

    /// <summary>What is to be seen of it now; from any thread.</summary>
    public ReconciliationSight See() => Volatile.Read(ref _sight);

    /// <returns>How long to wait before the next; null when another node has written.</returns>
    public async Task<TimeSpan?> TurnAsync(CancellationToken cancellation)
    {
        if (IsLeftOut())
            return Poll;
        var (trouble, isBusy) = (default(string), false);
        try
        {
            // First, so that a provider that is away keeps nobody from seeing his breaks.
            trouble = await LookAgainAsync(cancellation);
            if (_breaks.All.Count >= BreakStore.MostOpen)
            {
                trouble = TooManyBreaks;
            }
            else
            {
                isBusy |= await _sides.ReadOursAsync(cancellation);
                isBusy |= await _sides.ReadTheirsAsync(cancellation);
            }
        }
        catch (PspUnavailableException failure)
        {
            trouble = failure.Code;
        }

        if (trouble != TooManyBreaks)
        {
            var (code, hasMore) = await LookUpAsync(cancellation);
            // What is said of the provider counts for more than what is said of an order.
            trouble = trouble is null or NoAnswerException.OrderUnavailable ? code ?? trouble : trouble;
            isBusy |= hasMore;
        }

        Note(trouble);
        if (!await SaveAsync(cancellation))
            return null;
        return trouble switch
        {
            null => isBusy ? TimeSpan.Zero : Poll,
            // Both records are read on meanwhile: an owner may be away for long.
            NoAnswerException.OrderUnavailable when isBusy => TimeSpan.Zero,
            _ => WhileInTrouble,
        };
    }

    private bool IsLeftOut()
    {
        var refused = _tools.Refused();
        if (refused == _refused || _turnsLeftOut == MostTurnsLeftOut)
        {
            (_refused, _turnsLeftOut) = (refused, 0);
            return false;
        }

        (_refused, _turnsLeftOut) = (refused, _turnsLeftOut + 1);
        return true;
    }

    private async Task<string?> LookAgainAsync(CancellationToken cancellation)
    {
        if (_lookedAt is { } last && _tools.Time.GetElapsedTime(last) < _tools.Options.LookAgainAfter)
            return null;
        _lookedAt = _tools.Time.GetTimestamp();
        try
        {
            await _breaks.LookAgainAsync(cancellation);
            return null;
        }
        catch (NoAnswerException unanswered)
        {
            return unanswered.Code;
        }
    }

    private async Task<(string? Trouble, bool HasMore)> LookUpAsync(CancellationToken cancellation)
    {
        var due = _sides.Join.TakeDue(LooksOfTurn);
        var (trouble, looked, settled) = (default(NoAnswerException), 0, 0);
        // Where the provider does not answer, the others of the turn would only wait for the same. An order's owner says nothing of the others.
        while (looked < due.Count && trouble is not { IsOfProvider: true })
        {
            var some = due.GetRange(looked, Math.Min(PspRecords.MaxConcurrentCalls, due.Count - looked));
            looked += some.Count;
            // Together to look, one by one to write.
            var found = await Task.WhenAll(some.Select(one => LookAsync(one, cancellation)));
            foreach (var (one, (judgement, unanswered)) in some.Zip(found))
            {
                if (judgement is null)
                {
                    trouble = trouble is { IsOfProvider: true } ? trouble : unanswered;
                    _sides.Join.GiveBack(one, WhileInTrouble);
                    continue;
                }

                await SettleAsync(one, judgement, cancellation);
                settled++;
            }
        }

        // Before those that nobody answered for: else the same few would be asked of for ever, and keep all others from being told.
        _sides.Join.PutBack(due[looked..], WhileInTrouble);
        return (trouble?.Code, settled > 0 && due.Count == LooksOfTurn);
    }

    private async Task<(Judgement? Found, NoAnswerException? Unanswered)> LookAsync(Unmatched one, CancellationToken cancellation)
    {
        try
        {
            return (await _judge.JudgeAsync(one, cancellation), null);
        }
        catch (NoAnswerException unanswered)
        {
            return (null, unanswered);
        }
    }

    private async Task SettleAsync(Unmatched one, Judgement found, CancellationToken cancellation)
    {
        await _breaks.ApplyAsync(found, one.Operation.PaymentKey, one.Operation.Id, cancellation);
        OperationJoin.Settle(one);
        _state = _state with { LookedUp = _state.LookedUp + 1 };
        _tools.Metrics.LookedUp(1);
    }

    private void Note(string? trouble)
    {
        var matched = _sides.TakeMatched();
        _tools.Metrics.Matched(matched);
        _state = _state with
        {
            Matched = _state.Matched + matched, Unsettled = _sides.Join.Count, Trouble = trouble,
            OursReadAt = _sides.OursReadAt ?? _state.OursReadAt, TheirsReadAt = _sides.TheirsReadAt ?? _state.TheirsReadAt,
        };
        Volatile.Write(ref _sight, new ReconciliationSight(_tools.Time, SettledAt(), _state.Unsettled, _breaks.All));
    }

    // Until when all is known: nothing is unread, and nothing waits.
    private DateTimeOffset SettledAt()
    {
        var read = _state is { OursReadAt: { } ours, TheirsReadAt: { } theirs } ? (ours < theirs ? ours : theirs) : _beganAt;
        var oldest = _tools.Time.GetUtcNow() - _sides.Join.OldestAge;
        return read < oldest ? read : oldest;
    }

    private async Task<bool> SaveAsync(CancellationToken cancellation)
    {
        if (_savedAt is { } last && _tools.Time.GetElapsedTime(last) < SaveEvery)
            return true;
        _savedAt = _tools.Time.GetTimestamp();
        _state = _sides.Keep(_state with { Node = _tools.Node, SavedAt = _tools.Time.GetUtcNow() });
        if (await _tools.Store.TrySaveStateAsync(_state, _version, cancellation) is not { } version)
            return false;
        _version = version;
        return true;
    }
}
