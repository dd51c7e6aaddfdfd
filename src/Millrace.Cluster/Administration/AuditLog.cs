using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Administration;

/// <summary>What follows from the audit log, kept by who needs it. Called for one entry after another, never for two at once.</summary>
public interface IAuditFollower
{
    void Apply(AuditEntry entry);
}

/// <summary>What is to be added to the audit log.</summary>
/// <param name="Actor">Who asked.</param>
/// <param name="Tenant">Whom it concerns; null for the installation itself.</param>
/// <param name="Action">Stored name.</param>
/// <param name="Subject">What is acted upon.</param>
/// <param name="Detail">A JSON object, without secrets.</param>
public sealed record AuditDraft(Actor Actor, string? Tenant, string Action, string Subject, string Detail = "{}");

/// <summary>
/// The audit log as this process has read it, checked entry by entry. Whatever an entry says is in force by its being there: adding it is the act.
/// Thread-safe.
/// </summary>
public sealed class AuditLog(IAdministration administration, TimeProvider time) : IDisposable
{
    private const int PageSize = 1_000;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<IAuditFollower> _followers = [];
    private AuditEntry? _last;
    private long _begun;
    private long _completed;
    private long _endedAt;
    private StoreUnavailableException? _failure;

    /// <summary>From the next entry that is read on: before the first reading, then.</summary>
    public void Add(IAuditFollower follower) => _followers.Add(follower);

    /// <summary>Reads what others have added.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">It cannot be read now; what was read goes on to hold.</exception>
    /// <exception cref="InvalidDataException">An entry does not follow from the one before, or the last known is gone: the log was tampered with or damaged, or
    /// a failover lost its end. What this process knows of it is not to be trusted: it must start anew.</exception>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await ReadAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>As <see cref="RefreshAsync"/>, for whoever asks often: one reading serves all who asked before it began.</summary>
    /// <param name="pause">Left between two such readings.</param>
    /// <param name="isKnown">Whether what is looked for is there by now: a reading that began too early may have found it all the same.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task RefreshTogetherAsync(TimeSpan pause, Func<bool> isKnown, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(isKnown);
        var asked = Volatile.Read(ref _begun);
        while (true)
        {
            TimeSpan left;
            await _turn.WaitAsync(cancellation);
            try
            {
                if (isKnown())
                    return;
                if (_completed > asked)
                {
                    if (_failure is not null)
                        throw new StoreUnavailableException(_failure.Message, _failure);
                    return;
                }

                left = _begun == 0 ? TimeSpan.Zero : pause - time.GetElapsedTime(_endedAt);
                if (left <= TimeSpan.Zero)
                {
                    await ReadAsync(cancellation);
                    return;
                }
            }
            finally
            {
                _turn.Release();
            }

            await Task.Delay(left, time, cancellation);
        }
    }

    /// <summary>As <see cref="IAdministration.ReadKeyUsesAsync"/>.</summary>
    public ValueTask<IReadOnlyDictionary<string, long>> ReadKeyUsesAsync(CancellationToken cancellation) => administration.ReadKeyUsesAsync(cancellation);

    /// <summary>Decides on all that was added before, and adds the decision.</summary>
    /// <param name="decide">Null adds nothing. May be called again, when another process was faster.</param>
    /// <param name="cancellation">Gives up waiting; the entry may have been added.</param>
    /// <returns>The entry; null when there was nothing to add.</returns>
    public async Task<AuditEntry?> AddAsync(Func<AuditDraft?> decide, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decide);
        await _turn.WaitAsync(cancellation);
        try
        {
            while (true)
            {
                await ReadAsync(cancellation);
                if (decide() is not { } draft)
                    return null;
                var entry = AuditEntry.After(_last, time.GetUtcNow().ToUnixTimeMilliseconds(), draft.Actor, draft.Tenant, draft.Action, draft.Subject, draft.Detail);
                if (!await administration.TryAppendAuditAsync(entry, cancellation))
                    continue;
                Take(entry);
                return entry;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task ReadAsync(CancellationToken cancellation)
    {
        IReadOnlyList<AuditEntry> page;
        var number = _begun + 1;
        Volatile.Write(ref _begun, number);
        do
        {
            var known = _last;
            try
            {
                // With the last one that is known: it must still be there.
                page = await administration.ReadAuditAsync((known?.Seq ?? 1) - 1, PageSize, cancellation);
                _failure = null;
            }
            catch (StoreUnavailableException failure)
            {
                (_failure, _completed) = (failure, number);
                throw;
            }
            finally
            {
                _endedAt = time.GetTimestamp();
            }

            if (known is not null && (page.Count == 0 || page[0].Chain != known.Chain))
                throw new InvalidDataException($"Entry {known.Seq} of the audit log is gone, or another one: the database lost what it had acknowledged, or is another database.");
            foreach (var entry in page.Skip(known is null ? 0 : 1))
                Take(entry.Follows(_last) ? entry : throw new InvalidDataException($"Entry {entry.Seq} of the audit log does not follow from the one before: it was changed, or others were taken out."));
        }
        while (page.Count == PageSize);
        // One that was given up, or failed otherwise, has answered nobody but whom it was made for.
        _completed = number;
    }

    private void Take(AuditEntry entry)
    {
        foreach (var follower in _followers)
            follower.Apply(entry);
        _last = entry;
    }
}
