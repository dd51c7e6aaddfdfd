using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Webhooks.Delivering;

/// <summary>Somebody else has written what only one may write: he delivers for the endpoint now.</summary>
internal sealed class OvertakenException() : Exception("Another node delivers for the endpoint.");

/// <summary>An event of the waiting room.</summary>
internal sealed class Waiting(WaitingEvent what)
{
    public WaitingEvent What { get; set; } = what;

    /// <summary>Of its record; 0 until it is stored.</summary>
    public long Version { get; set; }

    public bool IsTaken { get; set; }
}

/// <summary>
/// The events of one endpoint that were not delivered when they first could be: in lines, one for each order, of which only the first is tried again. What
/// is in here is in the store too, and leaves it after it was delivered: a crash repeats, and loses nothing. Thread-safe.
/// </summary>
internal sealed class WaitingRoom(IRecords records, string endpoint)
{
    // What is said of the event stands before it.
    private const int MostBody = StoredRecord.MaxBody - (10 << 10);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Waiting>> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Waiting> _failed = new(StringComparer.Ordinal);
    private int _waiting;

    public int Count => Volatile.Read(ref _waiting);

    public int FailedCount
    {
        get
        {
            lock (_lock)
                return _failed.Count;
        }
    }

    /// <exception cref="StoreUnavailableException">It cannot be read now. As of all that follow.</exception>
    public async Task LoadAsync(DeliveryRecords stored, CancellationToken cancellation)
    {
        foreach (var record in await stored.ReadWaitingAsync(endpoint, cancellation))
        {
            var waiting = new Waiting(WaitingEvent.Read(record, out _)) { Version = record.Version };
            if (waiting.What.IsFailed)
                _failed[waiting.What.Id] = waiting;
            else
                Insert(waiting);
        }
    }

    /// <summary>Puts an event behind those of its order that wait.</summary>
    /// <param name="what">Not tried yet.</param>
    /// <param name="body">What is to be sent.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>False when none waits: it is to be tried at once.</returns>
    public async Task<bool> TryQueueAsync(WaitingEvent what, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        Waiting waiting;
        lock (_lock)
        {
            if (!_lines.TryGetValue(what.Order, out var line))
                return false;
            // Told again: it is there already.
            if (line.Exists(other => other.What.Id == what.Id))
                return true;
            waiting = Enter(what);
        }

        await StoreAsync(waiting, what, body, cancellation);
        GiveBack(waiting);
        return true;
    }

    /// <summary>Keeps an event that was tried in vain.</summary>
    public async Task AddAsync(WaitingEvent what, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        Waiting waiting;
        lock (_lock)
        {
            if (_lines.TryGetValue(what.Order, out var line) && line.Exists(other => other.What.Id == what.Id))
                return;
            waiting = Enter(what);
        }

        await StoreAsync(waiting, what, body, cancellation);
        GiveBack(waiting);
    }

    /// <summary>The first of each line that is due, and which nobody else will be given before it is given back.</summary>
    public IReadOnlyList<Waiting> TakeDue(DateTimeOffset now, int most)
    {
        lock (_lock)
        {
            List<Waiting> due = [.. _lines.Values.Select(line => line[0]).Where(first => IsDue(first, now)).OrderBy(first => first.What.DueAt).Take(most)];
            due.ForEach(first => first.IsTaken = true);
            return due;
        }
    }

    /// <summary>Failed ones, an order's in its order.</summary>
    public IReadOnlyList<Waiting> Failed()
    {
        lock (_lock)
            return [.. _failed.Values.OrderBy(failed => failed.What.Order, StringComparer.Ordinal).ThenBy(failed => failed.What.Version)];
    }

    /// <returns>Null when it is none of them.</returns>
    public Waiting? FindFailed(string eventId)
    {
        lock (_lock)
            return _failed.GetValueOrDefault(eventId);
    }

    /// <returns>What is to be sent of an event, empty when it was too large to be kept; null when the record is gone.</returns>
    public async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(Waiting waiting, CancellationToken cancellation)
    {
        if (await records.FindRecordAsync(DeliveryRecords.WaitingKind, IdOf(waiting.What), cancellation) is not { } record)
            return null;
        WaitingEvent.Read(record, out var body);
        return body;
    }

    /// <summary>It was delivered.</summary>
    /// <returns>The one behind it, which is taken now; null when there is none.</returns>
    public async Task<Waiting?> RemoveAsync(Waiting waiting, CancellationToken cancellation)
    {
        if (!await records.TryDeleteRecordAsync(DeliveryRecords.WaitingKind, IdOf(waiting.What), waiting.Version, cancellation))
            throw new OvertakenException();
        lock (_lock)
        {
            if (_failed.Remove(waiting.What.Id))
                return null;
            return Leave(waiting);
        }
    }

    /// <summary>It was tried again in vain: it stays the first of its line, or has failed for good and leaves it.</summary>
    /// <returns>The one behind it, when it has left; it is taken now.</returns>
    public async Task<Waiting?> GiveBackAsync(Waiting waiting, WaitingEvent what, CancellationToken cancellation)
    {
        var body = await ReadBodyAsync(waiting, cancellation) ?? throw new OvertakenException();
        await StoreAsync(waiting, what, body, cancellation);
        lock (_lock)
        {
            waiting.IsTaken = false;
            if (!what.IsFailed)
                return null;
            _failed[what.Id] = waiting;
            return Leave(waiting);
        }
    }

    // What failed later than now failed by a clock that was set back since: its pause has no end that could be known, and so is over.
    private static bool IsDue(Waiting first, DateTimeOffset now) => !first.IsTaken && (!(first.What.DueAt > now) || first.What.LastAt > now);

    private string IdOf(WaitingEvent what) => DeliveryRecords.WaitingId(endpoint, what.Id);

    private async Task StoreAsync(Waiting waiting, WaitingEvent what, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var isKept = body.Length is > 0 and <= MostBody;
        if (isKept)
            what = what with { TellAgainFrom = null };
        var record = new StoredRecord(DeliveryRecords.WaitingKind, IdOf(what), waiting.Version, what.Write(isKept ? body.Span : default));
        var stored = await records.TryWriteRecordAsync(record, cancellation) ?? throw new OvertakenException();
        lock (_lock)
            (waiting.What, waiting.Version) = (what, stored.Version);
    }

    // Taken until it is stored. One that had failed has its record already.
    private Waiting Enter(WaitingEvent what)
    {
        var waiting = _failed.Remove(what.Id, out var before) ? before : new Waiting(what);
        (waiting.What, waiting.IsTaken) = (what, true);
        Insert(waiting);
        return waiting;
    }

    private void GiveBack(Waiting waiting)
    {
        lock (_lock)
            waiting.IsTaken = false;
    }

    private void Insert(Waiting waiting)
    {
        if (!_lines.TryGetValue(waiting.What.Order, out var line))
            _lines[waiting.What.Order] = line = [];
        var place = line.FindIndex(other => other.What.Version > waiting.What.Version);
        line.Insert(place < 0 ? line.Count : place, waiting);
        _waiting++;
    }

    private Waiting? Leave(Waiting waiting)
    {
        var line = _lines[waiting.What.Order];
        line.Remove(waiting);
        _waiting--;
        if (line.Count == 0)
            _lines.Remove(waiting.What.Order);
        if (line.Count == 0 || line[0].IsTaken || line[0].What.DueAt is not null)
            return null;
        line[0].IsTaken = true;
        return line[0];
    }
}
