using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Payments;

public enum PaymentOperation
{
    Authorize = 1,
    Capture = 2,
    Void = 3,
    Refund = 4,
}

/// <summary>
/// One intent to move money, already durable in the journal. The same <see cref="IdempotencyKey"/> is sent for
/// the life of the intent, whatever happened to earlier attempts.
/// </summary>
/// <param name="Operation">What to do.</param>
/// <param name="Psp">Name of the payment service provider.</param>
/// <param name="Order">The order the money belongs to.</param>
/// <param name="Number">Counts the order's requests of this operation, from 1.</param>
/// <param name="AmountMinor">Amount in minor units of the currency, above zero (for a void: what was authorized).</param>
/// <param name="CurrencyCode">ISO 4217.</param>
/// <param name="Token">The PSP's token for the means of payment; only for an authorization.</param>
/// <param name="AuthorizationReference">The PSP's reference of the authorization; null only for an authorization.</param>
/// <param name="Attempt">1 for the first execution; above 1 the gateway may look up by key before it executes.</param>
public sealed record PaymentRequest(
    PaymentOperation Operation,
    string Psp,
    OrderId Order,
    int Number,
    long AmountMinor,
    string CurrencyCode,
    string? Token,
    string? AuthorizationReference,
    int Attempt)
{
    /// <summary><c>{orderId}:{operation}:{n}</c>.</summary>
    public string IdempotencyKey => Domain.Orders.Order.PaymentKey(Order, (PaymentStep)(int)Operation, Number);
}

/// <summary>What is known after one execution of a <see cref="PaymentRequest"/>.</summary>
public abstract record PaymentOutcome
{
    private PaymentOutcome() { }

    /// <summary>The PSP did it, now or under an earlier use of the key.</summary>
    public sealed record Succeeded(string Reference) : PaymentOutcome;

    /// <summary>The PSP refused, finally for this key. Soft: another means of payment may work.</summary>
    public sealed record Declined(string Code, bool IsSoft) : PaymentOutcome;

    /// <summary>Nothing is known: time-out, lost answer, 5xx, breaker open. Execute again later with the same key.</summary>
    public sealed record Unknown(string Error) : PaymentOutcome;
}

/// <summary>
/// A payment service provider. Implementations are thread-safe, bound their own concurrency and time, never retry on
/// their own, and answer <see cref="PaymentOutcome.Unknown"/> rather than throw; only the caller's cancellation throws.
/// </summary>
public interface IPaymentGateway
{
    ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation);
}
