using System.Diagnostics;

namespace Millrace.Domain.Orders;

internal static class PaymentEvolution
{
    public static PaymentState Requested(PaymentState payment, OrderEvent.PaymentRequested e)
    {
        var pending = payment with
        {
            Pending = new PendingPayment(e.Step, e.Number, e.AmountMinor, 0, 0),
            LastStep = e.Step,
            LastNumber = e.Number,
            DeclineCode = null,
        };
        return e.Step switch
        {
            PaymentStep.Authorize => pending with { AuthorizeRequests = e.Number },
            PaymentStep.Capture => pending with { CaptureRequests = e.Number },
            PaymentStep.Void => pending with { VoidRequests = e.Number },
            PaymentStep.Refund => pending with { RefundRequests = e.Number },
            _ => throw new UnreachableException(),
        };
    }

    public static PaymentState Succeeded(PaymentState payment, OrderEvent.PaymentSucceeded e)
    {
        var amount = payment.Pending!.AmountMinor;
        var settled = payment with { Pending = null };
        return e.Step switch
        {
            PaymentStep.Authorize => settled with { AuthorizedMinor = amount, AuthorizationReference = e.Reference },
            PaymentStep.Capture => settled with { CapturedMinor = payment.CapturedMinor + amount },
            PaymentStep.Void => settled with { IsVoided = true },
            PaymentStep.Refund => settled with { RefundedMinor = payment.RefundedMinor + amount },
            _ => throw new UnreachableException(),
        };
    }

    public static PaymentState Unknown(PaymentState payment, OrderEvent.PaymentUnknown e) =>
        payment with { Pending = payment.Pending! with { Attempts = e.Attempt, RetryAtUnixMs = e.RetryAtUnixMs } };

    // Go on: with the same key while the outcome is unknown, with a new one after a definite refusal.
    public static PaymentState Resumed(PaymentState payment) =>
        payment.Pending is null ? payment with { DeclineCode = null } : payment with { Pending = payment.Pending with { Attempts = 0, RetryAtUnixMs = 0 } };
}
