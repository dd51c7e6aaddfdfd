using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Api.Reconciliation;

/// <summary>How the comparison and its breaks are shown.</summary>
internal static class BreakAnswers
{
    public static void Write(Utf8JsonWriter w, ReconciliationStatus status)
    {
        var (state, open) = (status.State, status.Open);
        w.WriteStartObject();
        w.WriteBoolean("enabled"u8, status.IsEnabled);
        w.WriteString("node"u8, state?.Node);
        w.WriteTime("as_of"u8, state?.SavedAt.ToUnixTimeMilliseconds());
        w.WriteTime("orders_read_at"u8, state?.OursReadAt?.ToUnixTimeMilliseconds());
        w.WriteTime("provider_read_at"u8, state?.TheirsReadAt?.ToUnixTimeMilliseconds());
        w.WriteNumber("matched"u8, state?.Matched ?? 0);
        w.WriteNumber("looked_up"u8, state?.LookedUp ?? 0);
        w.WriteNumber("unsettled"u8, state?.Unsettled ?? 0);
        w.WriteString("trouble"u8, state?.Trouble);
        w.WriteNumber("open"u8, open.Count);
        w.WriteStartObject("open_by_kind"u8);
        foreach (var kind in BreakKinds.All)
            w.WriteNumber(kind, open.Count(one => one.Kind == kind));
        w.WriteEndObject();
        w.WriteStartArray("at_risk"u8);
        foreach (var sum in AtRisk.Sum(open))
            Write(w, sum);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, IEnumerable<Break> page, string? next)
    {
        w.WriteStartObject();
        w.WriteData(page, Write);
        w.WriteNext(next);
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, Break shown)
    {
        w.WriteStartObject();
        w.WriteString("id"u8, shown.Id);
        w.WriteString("kind"u8, shown.Kind);
        w.WriteString("state"u8, shown.IsOpen ? "open" : shown.ClosedBy is null ? "settled" : "closed");
        w.WriteString("payment_key"u8, shown.PaymentKey);
        w.WriteString("psp_reference"u8, shown.OperationId);
        w.WriteString("operation"u8, shown.Operation);
        w.WriteString("tenant"u8, shown.Tenant);
        w.WriteString("order_id"u8, shown.Order);
        w.WriteString("psp_order_id"u8, shown.PspOrder);
        Write(w, "ours"u8, shown.Ours);
        Write(w, "theirs"u8, shown.Theirs);
        Write(w, "at_risk"u8, shown.AtRisk);
        w.WriteString("owner"u8, shown.Owner);
        w.WriteTime("opened_at"u8, shown.OpenedAt.ToUnixTimeMilliseconds());
        w.WriteTime("closed_at"u8, shown.ClosedAt?.ToUnixTimeMilliseconds());
        w.WriteString("closed_by"u8, shown.ClosedBy);
        w.WriteString("reason"u8, shown.Reason);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, ReadOnlySpan<byte> name, BreakSide? side)
    {
        w.WritePropertyName(name);
        if (side is null)
            w.WriteNullValue();
        else
            Write(w, side);
    }

    private static void Write(Utf8JsonWriter w, BreakSide side)
    {
        w.WriteStartObject();
        w.WriteNumber("amount"u8, side.AmountMinor);
        w.WriteString("currency"u8, side.Currency);
        w.WriteEndObject();
    }
}

/// <param name="IsEnabled">There is a provider whose record can be read.</param>
/// <param name="State">As the node that compares kept it last; null before that.</param>
/// <param name="Open">All that are open.</param>
internal sealed record ReconciliationStatus(bool IsEnabled, ReconciliationState? State, IReadOnlyList<Break> Open);
