using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Orders.Place;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Change;

/// <summary>Reads one command's body. Whatever is wrong is noted in the reader; the command is then not to be used.</summary>
/// <param name="json">At the body's first token.</param>
/// <param name="target">What the address and the headers say.</param>
internal delegate OrderCommand ChangeBody(ref StrictJson json, ChangeTarget target);

/// <param name="KeyHash">Hash of tenant, address and idempotency key.</param>
/// <param name="Hold">From the address; empty when it names none.</param>
internal readonly record struct ChangeTarget(UInt128 KeyHash, string Hold);

/// <summary>The bodies of the commands on an order. All their fields are optional, but for a hold's kind.</summary>
internal static class ChangeBodies
{
    private const int MaxText = 200;
    private const int MaxReason = 500;
    private static readonly FieldSet ReasonFields = new("reason");
    private static readonly FieldSet HoldFields = new("kind", "reason", "expires_at");
    private static readonly FieldSet ShipFields = new("carrier", "tracking");
    private static readonly FieldSet RefundFields = new("amount", "reason");
    private static readonly FieldSet NoFields = new();

    public static OrderCommand Cancel(ref StrictJson json, ChangeTarget target) => new OrderCommand.Cancel(Reason(ref json));

    public static OrderCommand Resume(ref StrictJson json, ChangeTarget target) => new OrderCommand.Resume(Reason(ref json));

    public static OrderCommand Release(ref StrictJson json, ChangeTarget target)
    {
        Nothing(ref json);
        return new OrderCommand.ReleaseHold(target.Hold);
    }

    public static OrderCommand Deliver(ref StrictJson json, ChangeTarget target)
    {
        Nothing(ref json);
        return new OrderCommand.Deliver();
    }

    public static OrderCommand Hold(ref StrictJson json, ChangeTarget target)
    {
        string? kind = null, reason = null;
        long? expires = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(HoldFields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "kind": kind = json.Text(32, TextRule.Code); break;
                    case "reason": reason = json.Text(MaxReason, TextRule.Free); break;
                    default: expires = Time(ref json); break;
                }
            }

            json.Require(seen, HoldFields, 1);
        }

        // Named by the idempotency key, so that a repeat places the same hold again: no change.
        var id = $"hold_{(ulong)target.KeyHash:x16}";
        return new OrderCommand.PlaceHold(id, kind ?? "", reason, expires);
    }

    public static OrderCommand Ship(ref StrictJson json, ChangeTarget target)
    {
        string? carrier = null, tracking = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(ShipFields, ref seen) is { } field)
            {
                if (field == "carrier")
                    carrier = json.Text(MaxText, TextRule.Id);
                else
                    tracking = json.Text(MaxText, TextRule.Id);
            }
        }

        return new OrderCommand.Ship(carrier, tracking);
    }

    public static OrderCommand Refund(ref StrictJson json, ChangeTarget target)
    {
        long? amount = null;
        string? reason = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(RefundFields, ref seen) is { } field)
            {
                if (field == "amount")
                    amount = json.Whole(1, PlaceParser.MaxAmount);
                else
                    reason = json.Text(MaxReason, TextRule.Free);
            }
        }

        return new OrderCommand.Refund(amount, reason);
    }

    private static string? Reason(ref StrictJson json)
    {
        string? reason = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(ReasonFields, ref seen) is not null)
                reason = json.Text(MaxReason, TextRule.Free);
        }

        return reason;
    }

    internal static void Nothing(ref StrictJson json)
    {
        var seen = 0ul;
        if (!json.Object())
            return;
        while (json.Field(NoFields, ref seen) is not null)
            json.Skip();
    }

    private static long? Time(ref StrictJson json)
    {
        if (json.Text(35, TextRule.Id) is not { } text)
            return null;
        if (!Rfc3339.TryParse(text, out var unixMs))
            json.Fault("invalid_format", "A time of RFC 3339 is expected, such as 2026-01-31T12:00:00Z.");
        // What many programs send for no date.
        else if (unixMs == 0)
            json.Fault("out_of_range", "It would have ended in 1970; leave it out for a hold without an end.");
        else
            return unixMs;
        return null;
    }
}
