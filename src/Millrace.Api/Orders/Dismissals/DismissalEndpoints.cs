using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Read;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Dismissals;

/// <summary><c>/v1/orders/{id}/dismissal</c>: a parked order that nobody wants to be asked about, until something happens to it or it is restored.</summary>
internal sealed class DismissalEndpoints(ReadOrders orders, DismissedOrders dismissed, AuditQuota audit, TimeProvider time)
{
    private const int MaxReason = 500;
    private static readonly FieldSet Fields = new("reason");
    private static readonly Problem NotDismissed = new(ProblemKinds.DismissalNotFound, "The order is not dismissed.");

    public async Task GetAsync(HttpContext http, Caller caller)
    {
        var (reply, problem) = await orders.FindAsync(http, caller);
        if (problem is null && reply!.Order is { } order && (await dismissed.FindAsync(caller.Tenant, order.Id, http.RequestAborted)).Dismissal is { } found && found.OrderVersion == order.Version)
            await SendAsync(http, order, found);
        else
            await Answer.Problem(http, problem ?? NotDismissed);
    }

    /// <summary>Says what shall be, so a repeat changes nothing and needs no key.</summary>
    public async Task PutAsync(HttpContext http, Caller caller)
    {
        var (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        var reason = "";
        problem ??= Parse(utf8, out reason);
        problem ??= await DismissAsync(http, caller, reason);
        if (problem is not null)
            await Answer.Problem(http, problem);
    }

    /// <summary>As often as one likes.</summary>
    public async Task DeleteAsync(HttpContext http, Caller caller)
    {
        var (reply, problem) = await orders.FindAsync(http, caller);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var isRecorded = false;
        while (await dismissed.FindAsync(caller.Tenant, reply!.Order!.Id, http.RequestAborted) is { Dismissal: not null } found)
        {
            if (!isRecorded && await RecordAsync(http, caller, "order.restored", reply.Order, null) is { } refused)
            {
                await Answer.Problem(http, refused);
                return;
            }

            isRecorded = true;
            if (await dismissed.TryDeleteAsync(found.Record, http.RequestAborted))
                break;
        }

        await Answer.Empty(http, StatusCodes.Status204NoContent);
    }

    private async Task<Problem?> DismissAsync(HttpContext http, Caller caller, string reason)
    {
        var isRecorded = false;
        while (true)
        {
            var (reply, problem) = await orders.FindAsync(http, caller);
            if (problem is not null)
                return problem;
            var order = reply!.Order!;
            if (order.Parked is null)
                return new Problem(ProblemKinds.NotParked, "Only an order that waits for a person can be dismissed.");
            var (before, record) = await dismissed.FindAsync(caller.Tenant, order.Id, http.RequestAborted);
            var after = before is not null && (before.OrderVersion, before.Reason) == (order.Version, reason)
                ? before
                : new Dismissal(order.Version, reason, caller.Actor.Name ?? caller.Actor.Kind.ToString(), time.GetUtcNow());
            if (after != before)
            {
                if (!isRecorded && await RecordAsync(http, caller, "order.dismissed", order, reason) is { } refused)
                    return refused;
                isRecorded = true;
                if (!await dismissed.TrySaveAsync(record, after, http.RequestAborted))
                    continue;
            }

            await SendAsync(http, order, after);
            return null;
        }
    }

    // Before it is done: it may be recorded and then fail, but not be done unseen.
    private Task<Problem?> RecordAsync(HttpContext http, Caller caller, string action, Order order, string? reason) => audit.AddAsync(
        new AuditDraft(caller.Actor, caller.Tenant.Value, action, order.Id.ToString(), JsonSerializer.Serialize(new DismissalAuditDetail(reason), DismissalJson.Default.DismissalAuditDetail)),
        http.RequestAborted);

    private static Problem? Parse(ReadOnlySpan<byte> utf8, out string reason)
    {
        var json = new StrictJson(utf8);
        string? text = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is not null)
            {
                text = json.Text(MaxReason, TextRule.Free);
                // What is no text, or none at all, has been told of.
                if (text is { Length: > 0 } && string.IsNullOrWhiteSpace(text))
                    json.Fault("too_short", "The text is blank.");
            }

            json.Require(seen, Fields, 1);
        }

        json.End();
        reason = text ?? "";
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    private static Task SendAsync(HttpContext http, Order order, Dismissal dismissal)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, (order.Id, dismissal), static (w, shown) =>
        {
            w.WriteStartObject();
            w.WriteString("order_id"u8, shown.Id.ToString());
            w.WriteString("reason"u8, shown.dismissal.Reason);
            w.WriteString("dismissed_by"u8, shown.dismissal.By);
            w.WriteTime("dismissed_at"u8, shown.dismissal.At.ToUnixTimeMilliseconds());
            w.WriteEndObject();
        });
    }
}
