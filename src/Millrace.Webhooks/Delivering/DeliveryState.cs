using System.Text.Json.Serialization;

namespace Millrace.Webhooks.Delivering;

/// <summary>How far an endpoint is, as it is kept between restarts. Fields are stored: never change one.</summary>
public sealed record DeliveryState
{
    /// <summary>Where it reads on in the feed, one cursor for each share. What comes before has been delivered, or is kept to be tried again.</summary>
    public IReadOnlyList<string> Cursors { get; init; } = [];

    /// <summary>
    /// Whether <see cref="Cursors"/> began with all that the feed has, and have not come to where it ended then: events up to there may be from before the endpoint was made.
    /// False of what was stored before this was: rather is such an event told than one left out.
    /// </summary>
    public bool IsBegunAgain { get; init; }

    /// <summary>When the oldest event happened that is behind <see cref="Cursors"/>; null when there is none.</summary>
    public DateTimeOffset? BehindSince { get; init; }

    /// <summary>Events that are to be tried again, or that wait behind one of their order.</summary>
    public int Waiting { get; init; }

    /// <summary>Events that have failed for good.</summary>
    public int Failed { get; init; }

    public DateTimeOffset? LastSuccessAt { get; init; }

    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Of <see cref="LastFailureAt"/>: a code of <see cref="Sending.SendErrors"/>.</summary>
    public string? LastError { get; init; }

    /// <summary>When the first attempt failed after which none succeeded; null when the last one did.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The last replay that was made, by its place in the audit log.</summary>
    public long ReplayedTo { get; init; }
}

/// <summary>An attempt, for whoever looks for what became of an event.</summary>
/// <param name="EventId">As in <c>webhook-id</c>.</param>
/// <param name="Type">Of the event.</param>
/// <param name="Order">Whose event it is.</param>
/// <param name="Number">Of the attempt, from 1.</param>
/// <param name="At">When it ended.</param>
/// <param name="Outcome">Of <see cref="AttemptOutcomes"/>.</param>
/// <param name="Status">The receiver's; null when it gave none.</param>
/// <param name="Error">A code of <see cref="Sending.SendErrors"/>; null for a success.</param>
/// <param name="DurationMs">Of the attempt.</param>
/// <param name="NextAt">When it is tried again; null when it is not, or not before another one of its order.</param>
public sealed record Attempt(
    string EventId, string Type, string Order, int Number, DateTimeOffset? At, string Outcome, int? Status, string? Error, long? DurationMs, DateTimeOffset? NextAt);

/// <summary>What became of an event with an attempt. Stored; never change one.</summary>
public static class AttemptOutcomes
{
    public const string Delivered = "delivered";

    /// <summary>It will be tried again.</summary>
    public const string Waiting = "waiting";

    /// <summary>It will not, unless somebody asks for a replay.</summary>
    public const string Failed = "failed";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(DeliveryState))]
[JsonSerializable(typeof(WaitingEvent))]
[JsonSerializable(typeof(IReadOnlyList<Attempt>))]
internal sealed partial class DeliveryJson : JsonSerializerContext;
