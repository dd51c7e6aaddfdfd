namespace Millrace.Webhooks.Endpoints;

/// <summary>What became of a wish concerning an endpoint.</summary>
public abstract record EndpointOutcome
{
    private EndpointOutcome()
    {
    }

    /// <summary>It is as was asked for.</summary>
    public sealed record Done(WebhookEndpoint Endpoint) : EndpointOutcome;

    /// <summary>The same was asked for before, under the same key; so it is now.</summary>
    public sealed record DoneBefore(WebhookEndpoint Endpoint) : EndpointOutcome;

    /// <summary>A replay will be made.</summary>
    public sealed record Asked(Replay Replay, bool IsRepeat) : EndpointOutcome;

    /// <summary>The idempotency key was used for something else.</summary>
    public sealed record OtherRequest : EndpointOutcome;

    /// <summary>The tenant has as many endpoints as it may, or has changed them as often as it may today.</summary>
    public sealed record TooMany : EndpointOutcome;

    /// <summary>As many replays as may are waiting for their turn.</summary>
    public sealed record TooManyReplays : EndpointOutcome;

    /// <summary>There is no such endpoint.</summary>
    public sealed record NotFound : EndpointOutcome;
}
