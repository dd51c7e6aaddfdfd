using System.Diagnostics;
using Millrace.Engine.Payments;

namespace Millrace.Gateways.Psp;

/// <summary>What the provider's record says about an intent.</summary>
internal static class PspRecordMatch
{
    /// <summary>Null when the record holds nothing under the reference. A success is preferred: it is where the money is.</summary>
    public static PspAnswer? Find(List<PspRecord> found, PaymentRequest request)
    {
        if (found.Count == 0)
            return null;
        if (!found.TrueForAll(record => IsSame(record, request)))
            return PspAnswer.Disputed("record_mismatch");
        var best = found.Find(record => !record.IsDeclined) ?? found[0];
        if (best.IsDeclined ? best.Code?.Length > PspRecord.MaxNameLength : best.Id.Length is 0 or > PspRecord.MaxNameLength)
            return PspAnswer.Failing("bad_answer");
        return PspAnswer.Settled(best.IsDeclined
            ? new PaymentOutcome.Declined(best.Code ?? PspRecord.Declined, best.Soft)
            : new PaymentOutcome.Succeeded(best.Id));
    }

    private static bool IsSame(PspRecord record, PaymentRequest request) =>
        record.Reference == request.IdempotencyKey
        && record.Kind == KindOf(request.Operation)
        && record.Amount == request.AmountMinor
        && record.Currency == request.CurrencyCode
        && (request.Operation == PaymentOperation.Authorize || record.AuthorizationId == request.AuthorizationReference);

    private static string KindOf(PaymentOperation operation) => operation switch
    {
        PaymentOperation.Authorize => "authorize",
        PaymentOperation.Capture => "capture",
        PaymentOperation.Void => "void",
        PaymentOperation.Refund => "refund",
        _ => throw new UnreachableException(),
    };
}
