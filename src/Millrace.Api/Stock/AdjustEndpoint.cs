using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Items;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Place;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;

namespace Millrace.Api.Stock;

/// <summary><c>POST /v1/stock/adjustments</c>: receipt, count, loss.</summary>
internal sealed class AdjustEndpoint(AdmittedRouter router, AvailabilityReads availability)
{
    private const int MaxLocation = 32;
    private const int MaxReason = 200;
    private const long MaxDelta = 1_000_000_000;
    private static readonly FieldSet Fields = new("sku", "delta", "reason", "location");

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        StockCommand.Adjust? command = null;
        problem ??= Parse(utf8, caller.Tenant, idempotencyKey, out command);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var reply = await router.SendAsync(new PartitionRequest.ChangeStock(command!, command!.Sku, command.KeyHash), Priority.Bulk, caller.Tenant, null, http.RequestAborted);
        if (reply is { Status: ReplyStatus.Accepted, Item: { } changed })
            await availability.ForgetAsync(changed);
        if (reply.Status == ReplyStatus.Replayed)
            http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
        await ItemEndpoints.SendAsync(http, reply, StatusCodes.Status200OK);
    }

    private static Problem? Parse(ReadOnlySpan<byte> utf8, TenantId tenant, string key, out StockCommand.Adjust command)
    {
        var json = new StrictJson(utf8);
        string? sku = null, reason = null;
        var location = StockItem.DefaultLocation;
        var delta = 0L;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "sku": sku = json.Text(LineParser.MaxSku, TextRule.Code); break;
                    case "delta": delta = json.Whole(-MaxDelta, MaxDelta); break;
                    case "reason": reason = json.Text(MaxReason, TextRule.Free); break;
                    default: location = json.Text(MaxLocation, TextRule.Code) ?? location; break;
                }
            }

            json.Require(seen, Fields, 3);
        }

        json.End();
        // Of one item: items live in different partitions, none of which knows the keys of the others.
        var keyHash = NameHash.ChangeKey(tenant, "stock/adjustments/" + sku, key);
        command = new StockCommand.Adjust(tenant, sku ?? "", location, delta, reason ?? "", keyHash);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }
}
