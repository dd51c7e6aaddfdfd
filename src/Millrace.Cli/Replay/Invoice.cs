namespace Millrace.Cli.Replay;

/// <param name="Source">Where it came from.</param>
/// <param name="PriceMinor">Pence; 0 on a cancellation.</param>
internal readonly record struct InvoiceLine(RawLine Source, int Quantity, long PriceMinor);

internal readonly record struct RejectedLine(RawLine Source, string Reason);

/// <summary>All lines of one invoice number: an order, a cancellation, or nothing but rejected lines.</summary>
internal sealed class Invoice(string number)
{
    /// <summary>The most that the API takes in one order.</summary>
    private const int MaxLines = 2000;

    public string Number { get; } = number;

    public bool IsCancellation { get; } = LineRules.IsCancellation(number);

    public List<InvoiceLine> Lines { get; } = [];

    public List<RejectedLine> Rejected { get; } = [];

    /// <summary>Of the first good line.</summary>
    public DateTime Date { get; private set; }

    public string Country { get; private set; } = "";

    /// <summary>The merchant's id of the buyer, without the ".0" that spreadsheets add; null when the file does not say.</summary>
    public string? Customer { get; private set; }

    public long Units => Lines.Sum(line => (long)line.Quantity);

    public long AmountMinor => Lines.Sum(line => line.Quantity * line.PriceMinor);

    public void Add(in RawLine line)
    {
        switch (LineRules.Classify(line))
        {
            case Verdict.Rejected no:
                Rejected.Add(new RejectedLine(line, no.Reason));
                break;
            case Verdict when Lines.Count == MaxLines:
                Rejected.Add(new RejectedLine(line, RejectReason.TooManyLines));
                break;
            case Verdict.Sold sold:
                Accept(line, sold.Date, new InvoiceLine(line, sold.Quantity, sold.PriceMinor));
                break;
            case Verdict.Returned returned:
                Accept(line, returned.Date, new InvoiceLine(line, returned.Quantity, 0));
                break;
        }
    }

    private void Accept(in RawLine line, DateTime date, InvoiceLine accepted)
    {
        if (Lines.Count == 0)
        {
            Date = date;
            Country = line.Country;
            Customer = CustomerId(line.Customer);
        }

        Lines.Add(accepted);
    }

    private static string? CustomerId(string text)
    {
        var id = text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text;
        return id.Length is > 0 and <= 64 ? id : null;
    }
}
