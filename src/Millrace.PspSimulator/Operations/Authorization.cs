using System.Diagnostics;

namespace Millrace.PspSimulator.Operations;

/// <summary>Running sums of one authorization. Always: refunded ≤ captured ≤ authorized, and voided only when nothing is captured.</summary>
internal sealed class Authorization(Operation authorize)
{
    private long _captured;
    private long _refunded;
    private bool _isVoided;

    public Operation Authorize { get; } = authorize;

    /// <summary>The code of the refusal, or null when the operation may go on.</summary>
    public string? Refusal(OperationKind kind, long amount)
    {
        if (Authorize.Status != OperationStatus.Authorized)
            return "authorization_declined";
        if (_isVoided)
            return "authorization_voided";
        return kind switch
        {
            OperationKind.Capture => amount > Authorize.Amount - _captured ? "capture_exceeds_authorized" : null,
            OperationKind.Refund => amount > _captured - _refunded ? "refund_exceeds_captured" : null,
            OperationKind.Void => _captured > 0 ? "already_captured" : null,
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Takes in an operation that was done, now or before a restart.</summary>
    /// <exception cref="InvalidDataException">The operation breaks the sums.</exception>
    public void Apply(Operation operation)
    {
        if (operation.Status == OperationStatus.Declined)
            return;
        if (Refusal(operation.Kind, operation.Amount) is { } refusal)
            throw new InvalidDataException($"Operation {operation.Id} breaks its authorization: {refusal}.");
        if (operation.Kind == OperationKind.Capture)
            _captured += operation.Amount;
        else if (operation.Kind == OperationKind.Refund)
            _refunded += operation.Amount;
        else
            _isVoided = true;
    }
}
