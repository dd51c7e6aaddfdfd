namespace Millrace.Webhooks.Sending;

/// <summary>What became of one attempt to deliver.</summary>
/// <param name="Status">The receiver's; null when it gave none.</param>
/// <param name="Error">Stable code; null for a success. See <see cref="SendErrors"/>.</param>
/// <param name="RetryAfter">When the receiver wants to be asked again; null when it did not say.</param>
/// <param name="Took">From the first byte to the receiver's answer.</param>
public sealed record SendResult(int? Status, string? Error, TimeSpan? RetryAfter, TimeSpan Took)
{
    public bool IsSuccess => Error is null;

    /// <summary>The receiver says that it will never take anything again.</summary>
    public bool IsGone => Status == 410;
}

/// <summary>Codes of attempts that failed; in the API, stored with attempts, and a metric's label. Never change one.</summary>
public static class SendErrors
{
    /// <summary>The receiver answered, but not with 2xx.</summary>
    public const string Refused = "refused";

    /// <summary>It answered with a redirect: followed, it would lead to an address that nobody configured.</summary>
    public const string Redirect = "redirect";

    /// <summary>No answer in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>Its name has no address.</summary>
    public const string Name = "name_unknown";

    /// <summary>Nothing listens there, or the connection broke.</summary>
    public const string Connection = "connection_failed";

    /// <summary>Its certificate is not good for its name, or it does not speak TLS.</summary>
    public const string Tls = "tls_failed";

    /// <summary>What it answers is not HTTP.</summary>
    public const string Protocol = "no_http";

    /// <summary>Its address, or its scheme, is one that webhooks may not go to.</summary>
    public const string Address = "address_refused";

    /// <summary>It was too large to be kept here, and the journal does not reach back to it any more.</summary>
    public const string EventGone = "event_gone";

    internal static readonly string[] OfAttempts = [Refused, Redirect, Timeout, Name, Connection, Tls, Protocol, Address];
}
