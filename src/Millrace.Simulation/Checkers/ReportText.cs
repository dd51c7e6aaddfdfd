using System.Globalization;
using System.Text;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;

namespace Millrace.Simulation.Checkers;

/// <summary>Violations for a person: which promise, which order, and the events around it.</summary>
public static class ReportText
{
    private const int MaxShown = 20;
    private const int MaxEvents = 40;

    public static string Of(CheckReport report, JournalChecker journal)
    {
        var text = new StringBuilder();
        foreach (var violation in report.Violations.Take(MaxShown))
            Write(text, violation, journal);
        if (report.ViolationCount > MaxShown)
            text.AppendLine(CultureInfo.InvariantCulture, $"... and {report.ViolationCount - MaxShown} more");
        return text.ToString();
    }

    private static void Write(StringBuilder text, Violation violation, JournalChecker journal)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"violation of {violation.Invariant} ({Invariants.NameOf(violation.Invariant)}):");
        text.AppendLine(CultureInfo.InvariantCulture, $"    {violation.Subject} {violation.What}");
        // A payment's subject is its key, which begins with the order.
        if (!OrderId.TryParse(violation.Subject.Split(':')[0], out var id) || !journal.Orders.TryGetValue(id, out var order))
            return;
        var events = OrderDocument.Read(order.Document.ToArray()).ToList();
        if (events.Count > MaxEvents)
            text.AppendLine(CultureInfo.InvariantCulture, $"      ... {events.Count - MaxEvents} earlier events");
        foreach (var recorded in events.TakeLast(MaxEvents))
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(recorded.Context.AtUnixMs);
            text.AppendLine(CultureInfo.InvariantCulture, $"      {recorded.Version,3}  {at:yyyy-MM-dd HH:mm:ss.fff}  {EventNames.Of(recorded.Fact),-34} {Detail(recorded.Fact)}");
        }
    }

    // The placement has the buyer's name and address: no report shows it.
    private static string Detail(OrderEvent fact) => fact switch
    {
        OrderEvent.Placed => "",
        OrderEvent.ReservationRequested e => string.Join(", ", e.Parts.Select((part, i) => $"part {i} of partition {part.Partition}")),
        OrderEvent.StockReserved e => $"part {e.Part}: {string.Join(", ", e.Takes.Select(take => $"{take.Quantity} {take.Sku} at {take.Location}"))}",
        _ => fact.ToString(),
    };
}
