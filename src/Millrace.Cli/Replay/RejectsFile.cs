using System.Globalization;
using CsvHelper;

namespace Millrace.Cli.Replay;

/// <summary>Every line that was not sold, with its reason: one row each, and counted. Thread-safe.</summary>
internal sealed class RejectsFile : IDisposable
{
    private readonly Lock _writing = new();
    private readonly CsvWriter _csv;
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public RejectsFile(TextWriter writer)
    {
        _csv = new CsvWriter(writer, CultureInfo.InvariantCulture);
        foreach (var column in (string[])["line", "invoice", "sku", "quantity", "unit_price", "reason", "detail"])
            _csv.WriteField(column);
        _csv.NextRecord();
    }

    public IReadOnlyDictionary<string, int> Counts => _counts;

    public void Add(in RejectedLine rejected, string detail = "")
    {
        var line = rejected.Source;
        lock (_writing)
        {
            _counts[rejected.Reason] = _counts.GetValueOrDefault(rejected.Reason) + 1;
            _csv.WriteField(line.Number);
            foreach (var cell in (string[])[line.Invoice, line.Sku, line.Quantity, line.Price, rejected.Reason, detail])
                _csv.WriteField(cell);
            _csv.NextRecord();
        }
    }

    /// <summary>All lines of an invoice, for one reason.</summary>
    public void AddAll(Invoice invoice, string reason, string detail = "")
    {
        foreach (var line in invoice.Lines)
            Add(new RejectedLine(line.Source, reason), detail);
    }

    public void Dispose() => _csv.Dispose();
}
