using System.Diagnostics;

namespace Millrace.PspSimulator.Operations;

/// <summary>Body of 201 and 402; fields that do not apply are left out.</summary>
internal sealed record OperationAnswer(
    string? Id, OperationStatus Status, string? AuthorizationId, long? Amount, string? Currency, string? Reference, string? Code, bool? Soft)
{
    /// <summary>Status and body for an operation, first time or replayed: they never differ.</summary>
    public static (int Status, object Body) For(Operation operation) => operation switch
    {
        { Status: not OperationStatus.Declined } => (StatusCodes.Status201Created, new OperationAnswer(
            operation.Id, operation.Status, operation.AuthorizationId, operation.Amount, operation.Currency, operation.Reference, null, null)),
        { Kind: OperationKind.Authorize } => (StatusCodes.Status402PaymentRequired, new OperationAnswer(
            null, operation.Status, null, null, null, operation.Reference, operation.Code, operation.Soft)),
        { Code: { } code } => (StatusCodes.Status409Conflict, new Problem(code)),
        _ => throw new UnreachableException(),
    };
}

/// <summary>Body of every other refusal: a stable code, and words for a person.</summary>
internal sealed record Problem(string Code, string? Message = null);
