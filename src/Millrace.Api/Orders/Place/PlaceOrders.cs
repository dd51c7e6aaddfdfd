using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Problems;
using Millrace.Api.Stock;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Telemetry;

namespace Millrace.Api.Orders.Place;

/// <summary>How one order, alone or in a batch, was taken.</summary>
internal readonly record struct PlaceOutcome(Order? Order, bool IsReplay, Problem? Problem);

/// <summary>Takes drafts to the partitions that own their idempotency keys.</summary>
internal sealed class PlaceOrders(AdmittedRouter router, Pricing pricing, PausedTenants paused, TimeProvider time, ApiMetrics metrics, OrderTraces traces, ItemDemand demand)
{
    private static readonly OrderPlacement Probe = new(default, default, default, null, new Buyer(null, null, null), null,
        Domain.Money.Currency.Get("EUR"), [], 0, 0, new PaymentMethod("", ""), PlacementOptions.Default, []);

    public async ValueTask<PlaceOutcome> PlaceAsync(
        PlaceDraft draft, Caller caller, string idempotencyKey, UInt128 payloadHash, Priority priority, TimeSpan? patience, CancellationToken cancellation)
    {
        var keyHash = NameHash.PlaceKey(caller.Tenant, idempotencyKey);
        var began = time.GetTimestamp();
        OrderPlacement? placement = null;
        Problem? refused = null;
        if (paused.IsPaused(caller.Tenant.Value))
            refused = new Problem(ProblemKinds.TenantPaused, "An operator has paused the taking of this merchant's orders. What was taken goes on.");
        // Each is a call to another node: whoever is refused has caused none.
        else if (pricing.Unknown(draft, caller.Tenant) is { } unknown && await router.AskAsync(caller.Tenant, unknown, priority, patience, cancellation) is { } overloaded)
            return Count(Outcome(overloaded), began);
        else
            refused = pricing.Price(draft, caller, keyHash, payloadHash, out placement);
        if (refused is not null)
        {
            // That may have changed since the first use of the key, and a repeat must still get the first answer.
            // A placement without lines is always refused, so asking with it finds the first order or changes nothing.
            placement = Probe with { Tenant = caller.Tenant, KeyHash = keyHash, PayloadHash = payloadHash };
            var found = await SendAsync(placement, caller, priority, patience, cancellation);
            return found.Status == ReplyStatus.Rejected ? Count(new PlaceOutcome(null, false, refused), began) : Count(Outcome(found), began);
        }

        return Count(Outcome(await SendAsync(placement!, caller, priority, patience, cancellation)), began);
    }

    private ValueTask<PartitionReply> SendAsync(OrderPlacement placement, Caller caller, Priority priority, TimeSpan? patience, CancellationToken cancellation)
    {
        // Unique is enough, unguessable is not needed: every order is looked up within its tenant.
        var random = (ulong)Random.Shared.NextInt64();
        var id = OrderId.Create(time.GetUtcNow().ToUnixTimeMilliseconds(), router.Map.OwnerOfName(placement.KeyHash), random);
        return router.SendAsync(new PartitionRequest.PlaceOrder(id, placement, caller.Actor), priority, caller.Tenant, patience, cancellation);
    }

    private static PlaceOutcome Outcome(PartitionReply reply) => reply.Status switch
    {
        ReplyStatus.Accepted or ReplyStatus.Unchanged => new PlaceOutcome(reply.Order, false, null),
        ReplyStatus.Replayed => new PlaceOutcome(reply.Order, true, null),
        _ => new PlaceOutcome(null, false, ReplyProblem.Of(reply)),
    };

    private PlaceOutcome Count(PlaceOutcome outcome, long began)
    {
        metrics.Placed(outcome, time.GetElapsedTime(began));
        if (outcome is { IsReplay: false, Order: { } order })
        {
            traces.Note(order.Id);
            demand.Note(order.Placement);
        }

        return outcome;
    }
}
