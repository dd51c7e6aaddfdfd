namespace Millrace.Reconciliation.Comparing;

/// <summary>An operation that one side has told of and the other has not yet.</summary>
internal sealed class Unmatched(Operation operation, ReadPage page)
{
    public Operation Operation => operation;

    public ReadPage Page => page;

    /// <summary>When it is looked up, by the clock's timestamp.</summary>
    public long DueAt { get; set; }
}

/// <summary>
/// Brings together what both sides tell of the same operation. What stays alone for a while is due to be looked up; so is what is not alike, and, when very much
/// waits, the oldest: memory is bounded, and nothing is passed over. Not thread-safe.
/// </summary>
/// <param name="time">Of this process.</param>
/// <param name="grace">How long one side may be behind the other.</param>
/// <param name="most">Operations that may wait.</param>
internal sealed class OperationJoin(TimeProvider time, TimeSpan grace, int most)
{
    private readonly Dictionary<string, LinkedListNode<Unmatched>> _ours = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LinkedListNode<Unmatched>> _theirs = new(StringComparer.Ordinal);
    // In the order of their time, both.
    private readonly LinkedList<Unmatched> _fresh = new();
    private readonly Queue<Unmatched> _again = new();

    public int Ours => _ours.Count;

    public int Theirs => _theirs.Count;

    /// <summary>All that wait, for the other side or to be looked up.</summary>
    public int Count => _fresh.Count + _again.Count;

    public bool IsFull => Count >= most;

    public long Matched { get; private set; }

    public void TakeOurs(Operation operation, ReadPage page) => Take(operation, page, _ours, _theirs);

    public void TakeTheirs(Operation operation, ReadPage page) => Take(operation, page, _theirs, _ours);

    /// <summary>Those that are to be looked up now; each is to be settled or given back.</summary>
    public List<Unmatched> TakeDue(int count)
    {
        var (due, now) = (new List<Unmatched>(), time.GetTimestamp());
        while (due.Count < count && _again.TryPeek(out var again) && again.DueAt <= now)
            due.Add(_again.Dequeue());
        while (due.Count < count && _fresh.First is { } oldest && (oldest.Value.DueAt <= now || IsFull))
        {
            Remove(oldest);
            due.Add(oldest.Value);
        }

        return due;
    }

    public static void Settle(Unmatched unmatched) => unmatched.Page.Unsettled--;

    /// <summary>It could not be told; it is due again after a while.</summary>
    public void GiveBack(Unmatched unmatched, TimeSpan pause)
    {
        unmatched.DueAt = After(pause);
        _again.Enqueue(unmatched);
    }

    private void Take(Operation operation, ReadPage page, Dictionary<string, LinkedListNode<Unmatched>> side, Dictionary<string, LinkedListNode<Unmatched>> other)
    {
        if (other.TryGetValue(operation.Id, out var match))
        {
            Remove(match);
            if (match.Value.Operation.IsLike(operation))
            {
                Matched++;
                Settle(match.Value);
            }
            else
            {
                // One of the two is enough: to look it up is to look at both sides.
                GiveBack(match.Value, TimeSpan.Zero);
            }
        }
        else if (side.TryGetValue(operation.Id, out var same))
        {
            // Read again from an earlier place, it waits already; else one side has the same twice.
            if (same.Value.Operation == operation)
                return;
            page.Unsettled++;
            GiveBack(new Unmatched(operation, page), TimeSpan.Zero);
        }
        else
        {
            var place = _fresh.AddLast(new Unmatched(operation, page) { DueAt = After(grace) });
            side.Add(operation.Id, place);
            page.Unsettled++;
        }
    }

    private void Remove(LinkedListNode<Unmatched> place)
    {
        _fresh.Remove(place);
        var id = place.Value.Operation.Id;
        if (!_ours.TryGetValue(id, out var ours) || ours != place)
            _theirs.Remove(id);
        else
            _ours.Remove(id);
    }

    private long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
