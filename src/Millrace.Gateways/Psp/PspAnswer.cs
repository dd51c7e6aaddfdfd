using Millrace.Engine.Payments;

namespace Millrace.Gateways.Psp;

/// <param name="Outcome">What is known now.</param>
/// <param name="IsPspFailing">True when it speaks of the provider's health, and so counts for the breaker.</param>
internal readonly record struct PspAnswer(PaymentOutcome Outcome, bool IsPspFailing)
{
    public static PspAnswer Settled(PaymentOutcome outcome) => new(outcome, IsPspFailing: false);

    /// <summary>The provider failed us: slow, unreachable, or in error.</summary>
    public static PspAnswer Failing(string error) => new(new PaymentOutcome.Unknown(error), IsPspFailing: true);

    /// <summary>The provider is well and this one intent is not: a person will have to look.</summary>
    public static PspAnswer Disputed(string error) => new(new PaymentOutcome.Unknown(error), IsPspFailing: false);
}
