using System.Diagnostics;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Webhooks;

/// <summary>Body of a webhook. The id follows from the operation, so a duplicate is known by it.</summary>
internal sealed record WebhookEvent(
    string Id, string Type, string OperationId, string Reference, string Order, string AuthorizationId, long Amount, string Currency,
    string? Code, bool? Soft)
{
    /// <summary>Null for a refusal (409): nothing happened that anyone else would need to hear of.</summary>
    public static WebhookEvent? For(Operation operation)
    {
        var isDeclined = operation.Status == OperationStatus.Declined;
        if (isDeclined && operation.Kind != OperationKind.Authorize)
            return null;
        var type = operation.Status switch
        {
            OperationStatus.Authorized => "authorization.succeeded",
            OperationStatus.Declined => "authorization.declined",
            OperationStatus.Captured => "capture.succeeded",
            OperationStatus.Voided => "void.succeeded",
            OperationStatus.Refunded => "refund.succeeded",
            _ => throw new UnreachableException(),
        };
        return new WebhookEvent(
            "evt_" + operation.Id, type, operation.Id, operation.Reference, operation.Order, operation.AuthorizationId,
            operation.Amount, operation.Currency, operation.Code, isDeclined ? operation.Soft : null);
    }
}
