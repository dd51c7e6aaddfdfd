using Millrace.Domain.Identity;

namespace Millrace.Webhooks.Endpoints;

/// <summary>Where a tenant wants to be told of events.</summary>
/// <param name="Id">Public name.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Settings">What the tenant chose.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ChangedAt">When its settings were last changed; UTC.</param>
/// <param name="Secret">Which of the secrets that it has had signs, from 1.</param>
/// <param name="FormerSecretEndsAt">Until when the one before signs too; null without one.</param>
public sealed record WebhookEndpoint(
    string Id, TenantId Tenant, EndpointSettings Settings, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, int Secret, DateTimeOffset? FormerSecretEndsAt)
{
    /// <summary>Why it stands still although the tenant did not ask for that; null when it does not.</summary>
    public string? StoppedBecause { get; init; }

    /// <summary>What is to be sent again, by the order of asking; the last few.</summary>
    public IReadOnlyList<Replay> Replays { get; init; } = [];

    public bool IsDelivering => !Settings.IsDisabled && StoppedBecause is null;

    /// <summary>The numbers of the secrets that sign at a moment, the newest first.</summary>
    public int[] SecretsAt(DateTimeOffset now) => FormerSecretEndsAt > now ? [Secret, Secret - 1] : [Secret];
}

/// <summary>What a tenant chooses of an endpoint.</summary>
/// <param name="Url">Where webhooks go.</param>
/// <param name="Types">The types of events that are sent; null for all, also those of later versions.</param>
/// <param name="Description">The tenant's own words; null for none.</param>
/// <param name="IsDisabled">Nothing is sent, and nothing is skipped.</param>
public sealed record EndpointSettings(Uri Url, IReadOnlyList<string>? Types, string? Description, bool IsDisabled)
{
    public bool Equals(EndpointSettings? other) =>
        other is not null && Url == other.Url && Description == other.Description && IsDisabled == other.IsDisabled
        && (Types is null ? other.Types is null : other.Types is not null && Types.SequenceEqual(other.Types, StringComparer.Ordinal));

    public override int GetHashCode() => HashCode.Combine(Url, Description, IsDisabled, Types?.Count);
}

/// <summary>Why an endpoint was stopped by the server. Stored; never change one.</summary>
public static class StopReasons
{
    /// <summary>The receiver answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>As many events as are kept have failed for good.</summary>
    public const string TooManyFailed = "too_many_failed";

    /// <summary>Events that it was to be told of are archived: it goes on with the oldest that are still in the journal.</summary>
    public const string EventsGone = "events_gone";
}
