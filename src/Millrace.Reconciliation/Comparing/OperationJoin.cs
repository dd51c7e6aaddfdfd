namespace Millrace.Reconciliation.Comparing;

/// <summary>An operation that one side has told of and the other has not yet.</summary>
/// <param name="Operation">What was told.</param>
/// <param name="IsTheirs">The provider told it.</param>
/// <param name="Page">Where it stood; null of one that is kept with the state of the comparison.</param>
/// <param name="ToldAt">When it was read, or when the comparison was begun that found it kept; a timestamp of the clock.</param>
internal sealed record Unmatched(Operation Operation, bool IsTheirs, ReadPage? Page, long ToldAt)
{
    /// <summary>When it is looked up.</summary>
    public long DueAt { get; init; }

    /// <summary>How often nobody answered.</summary>
    public int Looks { get; init; }
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
    /// <summary>Of those that nobody answers for so many are kept with the state, so that a restart need not begin before them: a third of what its record may hold.</summary>
    public const int MostKept = 60;

    // Of those: by then it is not that one side is just away.
    private const int LooksBeforeKept = 3;
    private readonly Dictionary<string, LinkedListNode<Unmatched>> _ours = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LinkedListNode<Unmatched>> _theirs = new(StringComparer.Ordinal);
    // In the order of their time.
    private readonly LinkedList<Unmatched> _fresh = new();
    // In the order in which they are to be looked up.
    private readonly LinkedList<Unmatched> _again = new();
    private int _kept;

    public int Ours => _ours.Count;

    public int Theirs => _theirs.Count;

    /// <summary>All that wait, for the other side or to be looked up.</summary>
    public int Count => _fresh.Count + _again.Count;

    public bool IsFull => Count >= most;

    public long Matched { get; private set; }

    public IEnumerable<Unmatched> Kept => _again.Where(one => one.Page is null);

    /// <summary>How long the oldest waits.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            var oldest = time.GetTimestamp();
            if (_fresh.First is { } first)
                oldest = first.Value.ToldAt;
            foreach (var one in _again)
                oldest = Math.Min(oldest, one.ToldAt);
            return time.GetElapsedTime(oldest);
        }
    }

    public void TakeOurs(Operation operation, ReadPage page) => Take(new Unmatched(operation, IsTheirs: false, page, time.GetTimestamp()), _ours, _theirs);

    public void TakeTheirs(Operation operation, ReadPage page) => Take(new Unmatched(operation, IsTheirs: true, page, time.GetTimestamp()), _theirs, _ours);

    /// <summary>One that was kept, before anything else is taken.</summary>
    public void TakeKept(Operation operation, bool isTheirs)
    {
        _again.AddLast(new Unmatched(operation, isTheirs, Page: null, time.GetTimestamp()) { DueAt = time.GetTimestamp(), Looks = LooksBeforeKept });
        _kept++;
    }

    /// <summary>Those that are to be looked up now; each is to be settled or given back.</summary>
    public List<Unmatched> TakeDue(int count)
    {
        var due = new List<Unmatched>();
        // What nobody answers for leaves room for what has just come.
        TakeAgain(count / 2, due);
        while (due.Count < count && _fresh.First is { } oldest && (IsDue(oldest.Value) || IsFull))
        {
            Remove(oldest);
            due.Add(oldest.Value);
        }

        TakeAgain(count, due);
        return due;
    }

    public static void Settle(Unmatched unmatched) => unmatched.Page?.Settle();

    /// <summary>They were not looked up: after a while they are due before all others, and that was no look in vain.</summary>
    public void PutBack(IReadOnlyList<Unmatched> unmatched, TimeSpan pause)
    {
        foreach (var one in unmatched.Reverse())
        {
            _again.AddFirst(one with { DueAt = After(pause) });
            _kept += one.Page is null ? 1 : 0;
        }
    }

    /// <summary>Nobody answered; it is due again after a while.</summary>
    public void GiveBack(Unmatched unmatched, TimeSpan pause)
    {
        var again = unmatched with { DueAt = After(pause), Looks = unmatched.Looks + 1 };
        if (again is { Page: { } page, Looks: >= LooksBeforeKept, Operation.IsShort: true } && _kept < MostKept)
        {
            again = again with { Page = null };
            page.Settle();
        }

        _kept += again.Page is null ? 1 : 0;
        _again.AddLast(again);
    }

    private void Take(Unmatched told, Dictionary<string, LinkedListNode<Unmatched>> side, Dictionary<string, LinkedListNode<Unmatched>> other)
    {
        var operation = told.Operation;
        if (other.TryGetValue(operation.Id, out var match))
        {
            var waiting = match.Value;
            if (waiting.Operation.IsLike(operation))
            {
                Remove(match);
                Matched++;
                Settle(waiting);
                return;
            }

            // To look one up is to look at both sides of its key; of another key the other has its own look, and goes on waiting.
            if (waiting.Operation.PaymentKey == operation.PaymentKey)
            {
                Remove(match);
                LookUp(waiting);
            }
            else
            {
                told.Page!.Wait();
                LookUp(told);
            }
        }
        else if (side.TryGetValue(operation.Id, out var same))
        {
            // Read again from an earlier place, it waits already; else one side has the same twice.
            if (same.Value.Operation == operation)
                return;
            told.Page!.Wait();
            LookUp(told);
        }
        else
        {
            told.Page!.Wait();
            side.Add(operation.Id, _fresh.AddLast(told with { DueAt = After(grace) }));
        }
    }

    // At once, and it does not count as a look in vain.
    private void LookUp(Unmatched one) => _again.AddLast(one with { DueAt = time.GetTimestamp() });

    private void TakeAgain(int count, List<Unmatched> due)
    {
        for (var place = _again.First; place is not null && due.Count < count;)
        {
            var (one, next) = (place, place.Next);
            if (IsDue(one.Value))
            {
                _again.Remove(one);
                _kept -= one.Value.Page is null ? 1 : 0;
                due.Add(one.Value);
            }

            place = next;
        }
    }

    private void Remove(LinkedListNode<Unmatched> place)
    {
        _fresh.Remove(place);
        (place.Value.IsTheirs ? _theirs : _ours).Remove(place.Value.Operation.Id);
    }

    private bool IsDue(Unmatched one) => one.DueAt <= time.GetTimestamp();

    private long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
