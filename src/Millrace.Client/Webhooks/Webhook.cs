namespace Millrace.Client.Webhooks;

/// <summary>Where the tenant wants to be told of events.</summary>
/// <param name="Url">https, at a public address.</param>
/// <param name="Events">Types, such as <c>order.confirmed.v1</c>; null for all.</param>
/// <param name="Description">The tenant's own words.</param>
/// <param name="Disabled">Nothing is sent meanwhile, and nothing is skipped.</param>
public sealed record WebhookSettings(Uri Url, IReadOnlyList<string>? Events = null, string? Description = null, bool Disabled = false);

/// <summary>An endpoint, and how far it is.</summary>
/// <param name="Events">Null for all.</param>
/// <param name="State"><c>well</c>, <c>failing</c> (the last attempt was in vain), <c>stopped</c> (by the server, until it is put again) or <c>disabled</c>.</param>
/// <param name="StoppedBecause"><c>gone</c>, <c>too_many_failed</c> or <c>events_gone</c>.</param>
/// <param name="FormerSecretEndsAt">Until when the secret before the last rotation signs too.</param>
/// <param name="LagS">Age of the oldest event that is not yet delivered or set aside, in seconds.</param>
/// <param name="Waiting">Events that are to be tried again, or wait behind one of their order.</param>
/// <param name="Failed">Events that failed for good; kept to be replayed.</param>
/// <param name="Replays">That were asked for and are not made yet.</param>
/// <param name="Secret">In the answer that made it, and nowhere else.</param>
public sealed record Webhook(
    string Id, Uri Url, IReadOnlyList<string>? Events, string? Description, bool Disabled, string State, string? StoppedBecause, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt,
    DateTimeOffset? FormerSecretEndsAt, long LagS, int Waiting, int Failed, int Replays, DateTimeOffset? FailingSince, DateTimeOffset? LastSuccessAt, DateTimeOffset? LastFailureAt,
    string? LastError, string? Secret = null)
{
    /// <summary>Without the secret: records are logged.</summary>
    public override string ToString() => $"Webhook {Id} ({Url}, {State})";
}

/// <summary>What became of an event with an attempt.</summary>
/// <param name="Attempt">From 1; 0 of an event that waits behind another.</param>
/// <param name="Outcome"><c>delivered</c>, <c>waiting</c> or <c>failed</c>.</param>
/// <param name="Status">Of the receiver's answer; null when it gave none.</param>
/// <param name="Error">Null for a success.</param>
/// <param name="NextAt">When it is tried again.</param>
public sealed record WebhookAttempt(
    string EventId, string Type, string OrderId, int Attempt, DateTimeOffset? At, string Outcome, int? Status, string? Error, long? DurationMs, DateTimeOffset? NextAt);

/// <summary>What a receiver did with a ping.</summary>
public sealed record WebhookTest(string EventId, bool Delivered, int? Status, string? Error, long? DurationMs);

/// <summary>What is to be sent again: one event, those of a time, or all that failed for good.</summary>
/// <param name="EventId">One event.</param>
/// <param name="From">Those that happened from then on.</param>
/// <param name="Until">And before then; now when null.</param>
/// <param name="Failed">True for all that failed.</param>
public sealed record NewReplay(string? EventId = null, DateTimeOffset? From = null, DateTimeOffset? Until = null, bool? Failed = null);

/// <summary>A replay that will be made.</summary>
public sealed record WebhookReplay(string Id, string? EventId, DateTimeOffset? From, DateTimeOffset? Until, bool Failed);

internal sealed record SecretRotation(int OverlapS);
