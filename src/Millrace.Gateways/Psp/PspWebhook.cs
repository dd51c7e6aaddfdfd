namespace Millrace.Gateways.Psp;

/// <summary>What the provider tells us unasked. May come late, twice, in any order, or never.</summary>
/// <param name="Id">The same for every delivery of one event.</param>
/// <param name="Type"><c>authorization.succeeded</c>, <c>authorization.declined</c>, <c>capture.succeeded</c>, <c>void.succeeded</c>, <c>refund.succeeded</c>; others may come.</param>
/// <param name="OperationId">The provider's reference of the operation.</param>
/// <param name="Reference">The idempotency key of our intent.</param>
/// <param name="Order">Our order id, as text.</param>
/// <param name="AuthorizationId">The provider's reference of the authorization.</param>
/// <param name="Amount">Minor units of the currency.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Code">Why it was declined.</param>
/// <param name="Soft">Declined, and another means of payment may work.</param>
public sealed record PspWebhook(
    string Id,
    string Type,
    string OperationId,
    string Reference,
    string Order,
    string AuthorizationId,
    long Amount,
    string Currency,
    string? Code = null,
    bool? Soft = null);

/// <summary>Why a webhook was refused; <see cref="None"/> when it was not.</summary>
public enum PspWebhookRefusal
{
    None = 0,

    /// <summary>No signature header, or not of the form <c>t=…,v1=…</c>.</summary>
    SignatureMissing = 1,

    /// <summary>The signature is not ours.</summary>
    SignatureWrong = 2,

    /// <summary>Signed by us, more than five minutes from now: possibly an old one, played back.</summary>
    Stale = 3,

    /// <summary>Signed by us, and not a webhook that we can read.</summary>
    BodyInvalid = 4,
}
