using Millrace.Engine.Payments;

namespace Millrace.Tests.Engine.Harness;

internal enum PspAnswer
{
    Success,
    Decline,

    /// <summary>The request never arrives.</summary>
    LostRequest,

    /// <summary>It is done, and nobody hears of it.</summary>
    LostAnswer,
}

/// <summary>A payment provider that keeps its own record: the only witness of what was really charged.</summary>
internal sealed class ScriptedPsp
{
    private readonly Dictionary<string, PaymentOutcome> _byKey = [];
    private readonly Dictionary<string, long> _usedAtMs = [];

    /// <summary>What happens to a request; null for success.</summary>
    public Func<PaymentRequest, PspAnswer>? Script { get; set; }

    /// <summary>After this the PSP has forgotten a key and would do the same again, unless the gateway looks first.</summary>
    public long KeyLifetimeMs { get; set; } = long.MaxValue;

    /// <summary>Every request that arrived or was lost on the way.</summary>
    public List<PaymentRequest> Requests { get; } = [];

    /// <summary>Every movement of money.</summary>
    public List<PaymentRequest> Effects { get; } = [];

    public PaymentOutcome Execute(PaymentRequest request, long nowMs)
    {
        Requests.Add(request);
        var answer = Script?.Invoke(request) ?? PspAnswer.Success;
        if (answer == PspAnswer.LostRequest)
            return new PaymentOutcome.Unknown("timeout");
        var outcome = Known(request, nowMs) ?? Do(request, answer, nowMs);
        return answer == PspAnswer.LostAnswer ? new PaymentOutcome.Unknown("timeout") : outcome;
    }

    // The gateway looks up by reference from the second attempt on: http gateway, "found by reference though the key has expired".
    private PaymentOutcome? Known(PaymentRequest request, long nowMs)
    {
        if (!_byKey.TryGetValue(request.IdempotencyKey, out var outcome))
            return null;
        var isForgotten = nowMs - _usedAtMs[request.IdempotencyKey] >= KeyLifetimeMs;
        return request.Attempt > 1 || !isForgotten ? outcome : null;
    }

    private PaymentOutcome Do(PaymentRequest request, PspAnswer answer, long nowMs)
    {
        PaymentOutcome outcome = answer == PspAnswer.Decline
            ? new PaymentOutcome.Declined("no_funds", IsSoft: false)
            : new PaymentOutcome.Succeeded($"ref_{Effects.Count}");
        if (outcome is PaymentOutcome.Succeeded)
            Effects.Add(request);
        _byKey[request.IdempotencyKey] = outcome;
        _usedAtMs[request.IdempotencyKey] = nowMs;
        return outcome;
    }
}
