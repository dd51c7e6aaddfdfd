using Millrace.Api.Caching;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;

namespace Millrace.Api.Tracking;

/// <summary>One step of an order, as the public sees it.</summary>
/// <param name="Name">One of <see cref="TrackedOrder"/>'s.</param>
internal sealed record TrackedStep(string Name, long AtUnixMs);

/// <summary>
/// How far an order is, for whoever has its link. Made of its events' kinds and times alone: nothing that anybody wrote is in it, so nothing about a person can be.
/// Also why an order was not accepted stays between merchant and customer.
/// </summary>
/// <param name="Steps">Those it has made, in order.</param>
/// <param name="Version">The order's, by which a later one is told.</param>
/// <param name="ReadAtUnixMs">See <see cref="CachedRead"/>.</param>
internal sealed record TrackedOrder(TrackedStep[] Steps, int Version, long ReadAtUnixMs) : CachedRead(ReadAtUnixMs)
{
    public const string Received = "received";
    public const string Confirmed = "confirmed";
    public const string Shipped = "shipped";
    public const string Delivered = "delivered";
    public const string Canceled = "canceled";

    /// <summary>The way of an order that goes well.</summary>
    public static readonly string[] Way = [Received, Confirmed, Shipped, Delivered];

    public string Status => Steps[^1].Name;

    public long UpdatedAtUnixMs => Steps[^1].AtUnixMs;

    /// <param name="reply">To a read, with an order.</param>
    /// <param name="nowMs">The present.</param>
    public static TrackedOrder Of(PartitionReply reply, long nowMs)
    {
        var steps = new List<TrackedStep>(Way.Length);
        foreach (var recorded in OrderDocument.Read(reply.Document))
        {
            var step = recorded.Fact switch
            {
                OrderEvent.Placed => Received,
                OrderEvent.Confirmed => Confirmed,
                OrderEvent.Shipped => Shipped,
                OrderEvent.Delivered => Delivered,
                // From here on nothing else can come of it, though what was done for it may take a while to undo.
                OrderEvent.ClosingStarted => Canceled,
                _ => null,
            };
            if (step is not null)
                steps.Add(new TrackedStep(step, recorded.Context.AtUnixMs));
        }

        return new TrackedOrder([.. steps], reply.Order!.Version, nowMs);
    }
}
