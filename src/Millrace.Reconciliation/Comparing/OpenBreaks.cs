using Microsoft.Extensions.Logging;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>
/// Opens breaks, and closes those that are none any more. It never closes what a person must see to, nor opens again what a person has closed: only that both sides
/// have the same ends a break by itself. Used by one at a time; people may change breaks meanwhile.
/// </summary>
internal sealed partial class OpenBreaks(BreakStore store, BreakJudge judge, TimeProvider time, ILogger logger)
{
    // Each is looked at once a minute; of very many, as many as there is time for.
    private const int MostLooks = 500;
    private static readonly TimeSpan LookedAtFor = TimeSpan.FromSeconds(45);
    // Each is told once.
    private const int MostUnreadable = 16;
    private readonly Dictionary<string, long> _lookedAt = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    /// <summary>As they were last read.</summary>
    public IReadOnlyList<Break> All { get; private set; } = [];

    /// <summary>What was found of one operation is written, durably.</summary>
    public async Task ApplyAsync(Judgement found, string paymentKey, string operationId, CancellationToken cancellation)
    {
        var id = Break.IdOf(paymentKey, operationId);
        while (true)
        {
            StoredBreak? stored;
            try
            {
                stored = await store.FindAsync(id, cancellation);
            }
            catch (InvalidDataException)
            {
                // If another version has told of it, that one sees to it; the other operations do not wait for that.
                Unreadable(id);
                return;
            }

            var change = Change(stored?.Break, found, paymentKey, operationId);
            if (change is null)
                return;
            var saved = stored is null ? await store.TryAddAsync(change, cancellation) : await store.TrySaveAsync(stored, change, cancellation);
            if (saved is null)
                continue;
            // Counted at once; the next reading has all.
            All = [.. All.Where(one => one.Id != id), .. change.IsOpen ? [change] : Array.Empty<Break>()];
            return;
        }
    }

    /// <summary>Reads all breaks, looks again at those that are open, and forgets the oldest of those that ended.</summary>
    /// <exception cref="NoAnswerException">Of some of them nothing can be said now. When that is because of the provider, those behind it were not looked at:
    /// they come first the next time.</exception>
    public async Task LookAgainAsync(CancellationToken cancellation)
    {
        var all = await store.ListAsync(Unreadable, cancellation);
        All = [.. all.Select(stored => stored.Break).Where(one => one.IsOpen)];
        await ForgetAsync(all, cancellation);
        foreach (var gone in _lookedAt.Keys.Except(All.Select(one => one.Id)).ToList())
            _lookedAt.Remove(gone);
        NoAnswerException? failure = null;
        foreach (var one in All.Where(one => !_lookedAt.TryGetValue(one.Id, out var at) || time.GetElapsedTime(at) >= LookedAtFor).OrderBy(one => _lookedAt.GetValueOrDefault(one.Id)).Take(MostLooks))
        {
            _lookedAt[one.Id] = time.GetTimestamp();
            try
            {
                if (await judge.JudgeAgainAsync(one, cancellation) is { } found)
                    await ApplyAsync(found, one.PaymentKey, one.OperationId, cancellation);
            }
            catch (NoAnswerException unanswered)
            {
                failure = unanswered;
                // Of a provider that is silent each look takes ten seconds.
                if (unanswered.IsOfProvider)
                    break;
            }
        }

        if (failure is not null)
            throw failure;
    }

    private void Unreadable(string id)
    {
        if (_unreadable.Count < MostUnreadable && _unreadable.Add(id))
            NotRead(logger, id);
    }

    private async Task ForgetAsync(List<StoredBreak> all, CancellationToken cancellation)
    {
        var ended = all.Where(stored => !stored.Break.IsOpen).OrderByDescending(stored => stored.Break.ClosedAt).ToLookup(stored => stored.Break.ClosedBy is null);
        foreach (var stored in ended[true].Skip(BreakStore.MostSettled).Concat(ended[false].Skip(BreakStore.MostClosed)))
            await store.ForgetAsync(stored, cancellation);
    }

    /// <returns>Null when nothing is to be changed.</returns>
    private Break? Change(Break? stored, Judgement found, string paymentKey, string operationId)
    {
        if (found.Kind is not { } kind)
            return stored is { IsOpen: true } ? stored with { ClosedAt = time.GetUtcNow() } : null;
        if (stored is { ClosedBy: not null })
            return null;
        var now = new Break(Break.IdOf(paymentKey, operationId), kind, paymentKey, operationId, found.Operation, stored is { IsOpen: true } ? stored.OpenedAt : time.GetUtcNow())
        {
            Tenant = found.Tenant?.Value, PspOrder = found.PspOrder, Order = found.Order?.ToString(), Ours = found.Ours, Theirs = found.Theirs, Owner = stored?.Owner,
        };
        return now == stored ? null : now;
    }

    [LoggerMessage(1, LogLevel.Error, "The break {Id} is of another version of this program, or damaged: it is not looked at here.")]
    private static partial void NotRead(ILogger logger, string id);
}
