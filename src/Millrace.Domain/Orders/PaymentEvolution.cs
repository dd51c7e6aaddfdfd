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
            DeclinedMinor = 0,
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
        payment with { Pending = payment.Pending! with { Attempts = e.Attempt, RetryAtUnixMs = e.RetryAtUnixMs, IsUnknown = true } };

    public static PaymentState Declined(PaymentState payment, OrderEvent.PaymentDeclined e) =>
        payment with { Pending = null, DeclineCode = e.Code, DeclinedMinor = payment.Pending!.AmountMinor };

    // Go on: with the same key while the outcome is unknown, with a new one after a definite refusal. Of an authorization the refusal stands: it ends the order.
    public static PaymentState Resumed(PaymentState payment) => payment switch
    {
        { Pending: { } pending } => payment with { Pending = pending with { Attempts = 0, RetryAtUnixMs = 0 } },
        { DeclineCode: null } or { LastStep: PaymentStep.Authorize } => payment,
        _ => payment with { DeclineCode = null, DeclinedMinor = 0 },
    };
}
