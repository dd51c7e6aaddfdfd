using Millrace.Domain.Orders;

namespace Millrace.Api.Psp;

/// <summary>
/// Checks a webhook's signature and reads it. The port through which the edge knows payment service providers;
/// thread-safe, and it never throws for what it is given.
/// </summary>
/// <param name="psp">Name of the provider, from the address.</param>
/// <param name="body">The bytes as they came.</param>
/// <param name="signature">Value of the <c>Psp-Signature</c> header, or null.</param>
public delegate PspWebhookResult PspWebhookParser(string psp, ReadOnlyMemory<byte> body, string? signature);

/// <summary>What a provider told us unasked.</summary>
public abstract record PspWebhookResult
{
    private PspWebhookResult() { }

    /// <summary>We have no dealings with a provider of this name.</summary>
    public sealed record UnknownPsp : PspWebhookResult;

    /// <summary>Not signed, wrongly signed, stale or unreadable.</summary>
    /// <param name="Detail">Why, in words fit for the caller.</param>
    public sealed record Refused(string Detail) : PspWebhookResult;

    /// <summary>Genuine, and nothing that concerns an order.</summary>
    public sealed record Ignored : PspWebhookResult;

    /// <param name="Reference">Our payment key, <c>{orderId}:{operation}:{n}</c>.</param>
    /// <param name="Step">What the provider says that it did.</param>
    /// <param name="OperationId">The provider's reference of the operation.</param>
    /// <param name="AmountMinor">Of how much.</param>
    /// <param name="CurrencyCode">ISO 4217.</param>
    public sealed record Succeeded(string Reference, PaymentStep Step, string OperationId, long AmountMinor, string CurrencyCode) : PspWebhookResult;

    /// <param name="Reference">Our payment key, <c>{orderId}:{operation}:{n}</c>.</param>
    /// <param name="Step">What the provider says that it did not do.</param>
    /// <param name="Code">Why.</param>
    /// <param name="IsSoft">Another means of payment may work.</param>
    public sealed record Declined(string Reference, PaymentStep Step, string Code, bool IsSoft) : PspWebhookResult;
}
