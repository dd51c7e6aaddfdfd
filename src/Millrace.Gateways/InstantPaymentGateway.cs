using Millrace.Engine.Payments;

namespace Millrace.Gateways;

/// <summary>
/// A provider in this process that always succeeds at once, for benchmarks and tests; a benchmark that uses it must say
/// so. Keeps nothing: the reference follows from the key, so a repeat gets the same answer. Thread-safe.
/// </summary>
public sealed class InstantPaymentGateway : IPaymentGateway
{
    private const string Prefix = "instant:";

    /// <inheritdoc />
    /// <returns>Always <see cref="PaymentOutcome.Succeeded"/> with <c>instant:{key}</c>.</returns>
    public ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult<PaymentOutcome>(new PaymentOutcome.Succeeded(Prefix + request.IdempotencyKey));
    }
}
