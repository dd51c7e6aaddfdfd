using System.Text.Json.Serialization;

namespace Millrace.PspSimulator.Faults;

/// <summary>
/// The knobs of <c>PUT /faults</c>. A PUT replaces them all: what it leaves out goes back to its default. Rates are
/// probabilities from 0 to 1. They live in memory: a restart is well-behaved again.
/// </summary>
/// <param name="LatencyMsP50">Median delay before the effect, in ms.</param>
/// <param name="LatencyMsP99">99th percentile in ms: a lognormal goes through both; 0 or equal to the median gives a fixed delay.</param>
/// <param name="DeclineRate">Authorizations declined, half of them softly.</param>
/// <param name="LostAnswerRate">Effects whose connection is aborted in place of an answer.</param>
/// <param name="ErrorRate">Requests answered 500 before any effect.</param>
/// <param name="ErrorAfterRate">Effects answered 500 afterwards.</param>
/// <param name="Outage">503 for all but the faults, the records and liveness.</param>
/// <param name="DuplicateWebhookRate">Webhooks sent twice.</param>
/// <param name="OutOfOrderWebhooks">Webhooks are held for a moment and sent in another order.</param>
/// <param name="DropWebhookRate">Webhooks never sent.</param>
/// <param name="KeyExpirySeconds">Life of an idempotency key in s, up to a year; 0 forgets at once.</param>
internal sealed record FaultSettings(
    double LatencyMsP50 = 0,
    double LatencyMsP99 = 0,
    double DeclineRate = 0,
    double LostAnswerRate = 0,
    double ErrorRate = 0,
    double ErrorAfterRate = 0,
    bool Outage = false,
    double DuplicateWebhookRate = 0,
    bool OutOfOrderWebhooks = false,
    double DropWebhookRate = 0,
    double KeyExpirySeconds = FaultSettings.DefaultKeyExpirySeconds)
{
    /// <summary>A day, as the large providers keep them.</summary>
    public const double DefaultKeyExpirySeconds = 86_400;

    /// <summary>In ms. Bounds what a delayed request may occupy.</summary>
    public const double MaxLatencyMs = 60_000;

    private const double MaxKeyExpirySeconds = 365 * 86_400d;

    [JsonIgnore]
    public TimeSpan KeyExpiry => TimeSpan.FromSeconds(KeyExpirySeconds);

    /// <summary>The first thing wrong, in words, or null.</summary>
    public string? Fault()
    {
        if (!IsWithin(LatencyMsP50, MaxLatencyMs) || !IsWithin(LatencyMsP99, MaxLatencyMs))
            return "latencies must be from 0 to 60000 ms.";
        if (LatencyMsP99 > 0 && (LatencyMsP50 <= 0 || LatencyMsP99 < LatencyMsP50))
            return "latency_ms_p99 must be 0, or not below a latency_ms_p50 above 0.";
        double[] rates = [DeclineRate, LostAnswerRate, ErrorRate, ErrorAfterRate, DuplicateWebhookRate, DropWebhookRate];
        if (!rates.All(rate => IsWithin(rate, 1)))
            return "rates must be from 0 to 1.";
        return IsWithin(KeyExpirySeconds, MaxKeyExpirySeconds) ? null : "key_expiry_seconds must be from 0 to a year.";
    }

    // False for NaN as well.
    private static bool IsWithin(double value, double maximum) => value >= 0 && value <= maximum;
}
