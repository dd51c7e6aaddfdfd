using System.Text.Json;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Feed;

namespace Millrace.Webhooks.Delivering;

/// <summary>How far one endpoint is, and what was tried last: changed by its delivery, kept in the store. Thread-safe.</summary>
internal sealed class DeliveryJournal(string endpoint, DeliveryRecords stored, WaitingRoom room, TimeProvider time) : IDisposable
{
    /// <summary>Attempts that are kept; a record of these stays well below its limit.</summary>
    public const int MaxAttempts = 150;

    // A cursor that moved over what others were told of: to look at that again costs nobody much.
    private static readonly TimeSpan MoveIsSaved = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _saving = new(1, 1);
    private readonly LinkedList<Attempt> _attempts = new();
    private DeliveryState _state = new();
    // A timestamp of the clock that is never set back; null before the first.
    private long? _savedAt;
    private long _stateVersion;
    private long _attemptsVersion;
    private (int Waiting, int Failed) _savedCounts;
    private bool _isMoved;
    private bool _isChanged;
    private bool _hasTried;

    public DeliveryState State
    {
        get
        {
            lock (_lock)
                return _state with { Waiting = room.Count, Failed = room.FailedCount };
        }
    }

    /// <exception cref="StoreUnavailableException">It cannot be read now. As of all that follow.</exception>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (await stored.Records.FindRecordAsync(DeliveryRecords.StateKind, endpoint, cancellation) is { } state)
            (_state, _stateVersion) = (DeliveryRecords.ReadState(state), state.Version);
        if (await stored.Records.FindRecordAsync(DeliveryRecords.AttemptsKind, endpoint, cancellation) is not { } attempts)
            return;
        _attemptsVersion = attempts.Version;
        try
        {
            foreach (var attempt in attempts.Read(DeliveryJson.Default.IReadOnlyListAttempt))
                _attempts.AddLast(attempt);
        }
        catch (InvalidDataException)
        {
            // Only people read them, and nothing that is to be sent waits for that: they begin anew.
            _attempts.Clear();
        }
    }

    /// <param name="cursors">What comes before has been handled.</param>
    /// <param name="isBegunAgain">As in <see cref="DeliveryState.IsBegunAgain"/>.</param>
    public void Reached(FeedCursor[] cursors, bool isBegunAgain)
    {
        string[] texts = [.. cursors.Select(cursor => cursor.ToStoredText())];
        lock (_lock)
        {
            _isMoved |= !texts.SequenceEqual(_state.Cursors, StringComparer.Ordinal);
            _state = _state with { Cursors = texts, IsBegunAgain = isBegunAgain };
        }
    }

    /// <param name="since">When the oldest event happened that is not handled yet; null when there is none.</param>
    public void Behind(DateTimeOffset? since)
    {
        lock (_lock)
        {
            _isChanged |= _state.BehindSince != since;
            _state = _state with { BehindSince = since };
        }
    }

    public void Replayed(long seq)
    {
        lock (_lock)
            (_state, _isChanged) = (_state with { ReplayedTo = seq }, true);
    }

    public void Tried(Attempt attempt, DateTimeOffset now)
    {
        lock (_lock)
        {
            _attempts.AddFirst(attempt);
            if (_attempts.Count > MaxAttempts)
                _attempts.RemoveLast();
            _state = attempt.Error is null
                ? _state with { LastSuccessAt = now, FailingSince = null }
                : _state with { LastFailureAt = now, LastError = attempt.Error, FailingSince = _state.FailingSince ?? now };
            _isChanged = _hasTried = true;
        }
    }

    public bool IsWorthSaving()
    {
        lock (_lock)
            return _isChanged || _savedCounts != (room.Count, room.FailedCount) || (_isMoved && (_savedAt is not { } last || time.GetElapsedTime(last) > MoveIsSaved));
    }

    public Task SaveAsync(CancellationToken cancellation) => InTurnAsync(async () =>
    {
        DeliveryState state;
        lock (_lock)
        {
            (_isChanged, _isMoved, _savedAt) = (false, false, time.GetTimestamp());
            _savedCounts = (room.Count, room.FailedCount);
            state = _state with { Waiting = _savedCounts.Waiting, Failed = _savedCounts.Failed };
        }

        var record = new StoredRecord(DeliveryRecords.StateKind, endpoint, _stateVersion, DeliveryRecords.Write(state));
        _stateVersion = (await stored.Records.TryWriteRecordAsync(record, cancellation) ?? throw new OvertakenException()).Version;
    }, cancellation);

    public Task SaveAttemptsAsync(CancellationToken cancellation) => InTurnAsync(async () =>
    {
        IReadOnlyList<Attempt> attempts;
        lock (_lock)
        {
            if (!_hasTried)
                return;
            (attempts, _hasTried) = ([.. _attempts], false);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(attempts, DeliveryJson.Default.IReadOnlyListAttempt);
        var record = new StoredRecord(DeliveryRecords.AttemptsKind, endpoint, _attemptsVersion, body);
        _attemptsVersion = (await stored.Records.TryWriteRecordAsync(record, cancellation) ?? throw new OvertakenException()).Version;
    }, cancellation);

    public void Dispose() => _saving.Dispose();

    private async Task InTurnAsync(Func<Task> save, CancellationToken cancellation)
    {
        await _saving.WaitAsync(cancellation);
        try
        {
            await save();
        }
        finally
        {
            _saving.Release();
        }
    }
}
