namespace Millrace.Cli.Replay;

/// <summary>Lines by what became of them: every line read is ordered, canceled or rejected.</summary>
internal sealed class ReplayCounts
{
    private int _orderedLines;
    private int _canceledLines;
    private int _cancellations;

    public int Lines { get; set; }

    public int OrderedLines => _orderedLines;

    public int CanceledLines => _canceledLines;

    public int Cancellations => _cancellations;

    public void AddOrdered(Invoice invoice) => Interlocked.Add(ref _orderedLines, invoice.Lines.Count);

    public void AddCanceled(Invoice invoice)
    {
        Interlocked.Add(ref _canceledLines, invoice.Lines.Count);
        Interlocked.Increment(ref _cancellations);
    }
}
