namespace Millrace.Gateways.Psp;

/// <summary>One operation in the provider's own record.</summary>
/// <param name="Id">The provider's reference.</param>
/// <param name="Kind"><c>authorize</c>, <c>capture</c>, <c>void</c> or <c>refund</c>.</param>
/// <param name="Reference">The idempotency key of our intent. Twice with a success is a double charge.</param>
/// <param name="Order">Our order id, as text.</param>
/// <param name="AuthorizationId">The provider's reference of the authorization; its own id for one.</param>
/// <param name="Amount">Minor units of the currency.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Status"><c>authorized</c>, <c>declined</c>, <c>captured</c>, <c>voided</c> or <c>refunded</c>; also a refused follow-up is declined.</param>
/// <param name="At">When it was done, by the provider's clock.</param>
/// <param name="Code">Why it was declined.</param>
/// <param name="Soft">Declined, and another means of payment may work.</param>
public sealed record PspRecord(
    string Id,
    string Kind,
    string Reference,
    string Order,
    string AuthorizationId,
    long Amount,
    string Currency,
    string Status,
    DateTimeOffset At,
    string? Code = null,
    bool Soft = false)
{
    /// <summary>Of an id or a code, in letters: they stay in the journal and the order for good. What is longer is no answer.</summary>
    public const int MaxNameLength = 255;

    internal const string Declined = "declined";

    /// <summary>True when no money moved.</summary>
    public bool IsDeclined => string.Equals(Status, Declined, StringComparison.Ordinal);
}
