namespace Millrace.Cli.Replay;

/// <summary>Gathers lines into invoices, in the order of their first lines, with bounded memory for lines that are out of place.</summary>
internal static class InvoiceGrouper
{
    /// <summary>An invoice is whole once this many lines came without one of it.</summary>
    public const int Window = 10_000;

    public static IEnumerable<Invoice> Group(IEnumerable<RawLine> lines, int window = Window)
    {
        var open = new Dictionary<string, Open>(StringComparer.Ordinal);
        var order = new Queue<Open>();
        var closed = new HashSet<string>(StringComparer.Ordinal);
        var position = 0L;
        foreach (var line in lines)
        {
            position++;
            while (order.TryPeek(out var oldest) && oldest.LastAt + window < position)
                yield return Close(order.Dequeue());
            if (closed.Contains(line.Invoice))
            {
                // Its order is placed: more of it under the same number would be another order, so it is only reported.
                var late = new Invoice(line.Invoice);
                late.Rejected.Add(new RejectedLine(line, RejectReason.InvoiceScattered));
                yield return late;
                continue;
            }

            if (!open.TryGetValue(line.Invoice, out var group))
            {
                group = new Open(new Invoice(line.Invoice));
                open.Add(line.Invoice, group);
                order.Enqueue(group);
            }

            group.LastAt = position;
            group.Invoice.Add(line);
        }

        while (order.TryDequeue(out var rest))
            yield return Close(rest);

        Invoice Close(Open group)
        {
            open.Remove(group.Invoice.Number);
            closed.Add(group.Invoice.Number);
            return group.Invoice;
        }
    }

    private sealed class Open(Invoice invoice)
    {
        public Invoice Invoice { get; } = invoice;

        public long LastAt { get; set; }
    }
}
