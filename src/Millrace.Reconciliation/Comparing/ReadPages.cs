namespace Millrace.Reconciliation.Comparing;

/// <summary>One page that was read of a side.</summary>
internal sealed class ReadPage
{
    /// <summary>Operations of it that are not settled.</summary>
    public int Unsettled { get; set; }
}

/// <summary>How far a side was read, and before what everything of it is settled: that is where a restart goes on. Not thread-safe.</summary>
internal sealed class ReadPages<T>(T start)
{
    private readonly Queue<(T From, ReadPage Page)> _pages = new();

    /// <summary>Where to read on.</summary>
    public T Next { get; private set; } = start;

    public T Settled
    {
        get
        {
            while (_pages.TryPeek(out var settled) && settled.Page.Unsettled == 0)
                _pages.Dequeue();
            return _pages.TryPeek(out var oldest) ? oldest.From : Next;
        }
    }

    /// <summary>Another page was read.</summary>
    /// <param name="next">Where to read on after it.</param>
    /// <param name="take">What is done with it, which may leave something unsettled.</param>
    public void Add(T next, Action<ReadPage> take)
    {
        var page = new ReadPage();
        take(page);
        if (page.Unsettled > 0)
            _pages.Enqueue((Next, page));
        Next = next;
    }
}
