namespace Millrace.Reconciliation.Comparing;

/// <summary>One page that was read of a side, as long as something of it is not settled.</summary>
/// <param name="letGo">Told when all of it is.</param>
internal sealed class ReadPage(Action<ReadPage> letGo)
{
    public int Unsettled { get; private set; }

    public void Wait() => Unsettled++;

    public void Settle()
    {
        if (--Unsettled == 0)
            letGo(this);
    }
}

/// <summary>How far a side was read, and before what everything of it is settled: that is where a restart goes on. Not thread-safe.</summary>
internal sealed class ReadPages<T>(T start)
{
    // Only those that wait: one that does for long keeps no later one here.
    private readonly LinkedList<(T From, ReadPage Page)> _pages = new();
    private readonly Dictionary<ReadPage, LinkedListNode<(T From, ReadPage Page)>> _places = [];

    /// <summary>Where to read on.</summary>
    public T Next { get; private set; } = start;

    public T Settled => _pages.First is { } oldest ? oldest.Value.From : Next;

    public int Waiting => _pages.Count;

    /// <summary>Another page was read.</summary>
    /// <param name="next">Where to read on after it.</param>
    /// <param name="take">What is done with it, which may leave something unsettled.</param>
    public void Add(T next, Action<ReadPage> take)
    {
        var page = new ReadPage(LetGo);
        page.Wait();
        _places.Add(page, _pages.AddLast((Next, page)));
        Next = next;
        take(page);
        page.Settle();
    }

    private void LetGo(ReadPage page)
    {
        if (_places.Remove(page, out var place))
            _pages.Remove(place);
    }
}
