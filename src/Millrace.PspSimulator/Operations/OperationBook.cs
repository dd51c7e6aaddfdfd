using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Record;

namespace Millrace.PspSimulator.Operations;

internal enum VerdictKind
{
    Executed = 1,
    Replayed = 2,
    KeyReused = 3,
    UnknownAuthorization = 4,
}

/// <summary>What became of a request. Nothing of it may be told before <paramref name="Durable"/> has completed.</summary>
internal readonly record struct Verdict(VerdictKind Kind, Operation? Operation, Task Durable);

/// <summary>
/// Every operation ever executed, indexed by key, by reference and by authorization. Thread-safe: one lock around
/// decisions of a microsecond each; the record's lines are in the order of the decisions.
/// </summary>
internal sealed class OperationBook : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Operation> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Operation> _byReference = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Authorization> _authorizations = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly FaultDice _dice;

    public OperationBook(RecordFile record, FaultDice dice, TimeProvider time)
    {
        Record = record;
        _dice = dice;
        _time = time;
        record.Recover(Apply);
    }

    public RecordFile Record { get; }

    public Verdict Execute(OperationRequest request)
    {
        var hash = request.Hash();
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (_byKey.TryGetValue(request.Key, out var first) && now - first.At < _dice.Settings.KeyExpiry)
                return new Verdict(first.RequestHash == hash ? VerdictKind.Replayed : VerdictKind.KeyReused, first, Record.WhenDurable());
            if (Decide(request, hash, now) is not { } operation)
                return new Verdict(VerdictKind.UnknownAuthorization, null, Record.WhenDurable());
            Apply(operation);
            return new Verdict(VerdictKind.Executed, operation, Record.Append(operation));
        }
    }

    /// <summary>The operations with this reference, oldest first; show them after <see cref="RecordFile.WhenDurable"/>.</summary>
    public (List<Operation> Operations, Task Durable) Find(string reference)
    {
        var found = new List<Operation>();
        lock (_gate)
        {
            for (var next = _byReference.GetValueOrDefault(reference); next is not null; next = next.Earlier)
                found.Add(next);
            found.Reverse();
            return (found, Record.WhenDurable());
        }
    }

    public void Dispose() => Record.Dispose();

    private Operation? Decide(OperationRequest request, string hash, DateTimeOffset now)
    {
        if (request.Kind == OperationKind.Authorize)
            return AuthorizeRules.Decide(request, hash, now, _dice);
        if (!_authorizations.TryGetValue(request.AuthorizationId!, out var authorization))
            return null;
        var amount = request.Kind == OperationKind.Void ? authorization.Authorize.Amount : request.Amount;
        var refusal = authorization.Refusal(request.Kind, amount);
        var (prefix, done) = request.Kind switch
        {
            OperationKind.Capture => ("cap_", OperationStatus.Captured),
            OperationKind.Void => ("void_", OperationStatus.Voided),
            _ => ("re_", OperationStatus.Refunded),
        };
        return new Operation(
            NewId(prefix), request.Kind, request.Reference, authorization.Authorize.Order, authorization.Authorize.Id, amount,
            authorization.Authorize.Currency, refusal is null ? done : OperationStatus.Declined, now, request.Key, hash, refusal);
    }

    private void Apply(Operation operation)
    {
        if (operation.Kind != OperationKind.Authorize)
            AuthorizationOf(operation).Apply(operation);
        else if (!_authorizations.TryAdd(operation.Id, new Authorization(operation)))
            throw new InvalidDataException($"Authorization {operation.Id} is in the record twice.");
        operation.Earlier = _byReference.GetValueOrDefault(operation.Reference);
        _byReference[operation.Reference] = operation;
        _byKey[operation.Key] = operation;
    }

    private Authorization AuthorizationOf(Operation operation) =>
        _authorizations.GetValueOrDefault(operation.AuthorizationId)
        ?? throw new InvalidDataException($"Operation {operation.Id} names an authorization that is not in the record.");

    internal static string NewId(string prefix) => prefix + Guid.CreateVersion7().ToString("N");
}
