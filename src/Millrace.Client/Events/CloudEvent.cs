using Millrace.Client.Orders;

namespace Millrace.Client.Events;

/// <summary>An event of an order, as CloudEvents 1.0.2.</summary>
/// <param name="Specversion">1.0.</param>
/// <param name="Id">The same whenever the event is told: by it a repeat is known.</param>
/// <param name="Source">What tells it.</param>
/// <param name="Type">Such as <c>order.confirmed.v1</c>.</param>
/// <param name="Subject">The order's id.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Datacontenttype">Of <paramref name="Data"/>.</param>
/// <param name="Sequence">The order's version with the event: 1, 2, 3, without a gap.</param>
/// <param name="Partitionkey">The order's id.</param>
/// <param name="Data">As in the order's timeline.</param>
/// <param name="Traceparent">The trace that placed the order, where the server remembers it.</param>
public sealed record CloudEvent(
    string Specversion, string Id, string Source, string Type, string Subject, DateTimeOffset Time, string Datacontenttype, string Sequence, string Partitionkey,
    OrderEvent Data, string? Traceparent = null);

/// <summary>An event, and where to go on from.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Cursor">Whoever follows on from it misses nothing that comes after this event, and may be told this one, and a few before it, once more.</param>
public sealed record FollowedEvent(CloudEvent Event, string Cursor);

/// <summary>Which events are wanted.</summary>
public sealed record EventFilter
{
    /// <summary>Such as <c>order.confirmed.v1</c>; empty for all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>A part, such as <c>2/4</c>, the second of four; null for all. Each order's events are in one of them.</summary>
    public string? Share { get; init; }
}
