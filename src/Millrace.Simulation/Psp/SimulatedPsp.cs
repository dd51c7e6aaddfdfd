using Millrace.Domain.Orders;
using Millrace.Engine.Payments;
using Millrace.Simulation.Checkers;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Nodes;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Psp;

/// <summary>A payment provider with its own record: the only witness of what was really charged. In front of it stands a gateway that
/// looks up by key from the second attempt on, as the real one does.</summary>
internal sealed class SimulatedPsp(World world, Dice dice)
{
    private readonly Dictionary<string, (PaymentOutcome Outcome, long AtUs)> _byKey = new(StringComparer.Ordinal);
    private readonly int _latencyUs = dice.Between(500, 200_000);
    // Longer than any node stands still: a first attempt that was held up for longer than the provider remembers its key could not be
    // told from a new one (docs/guarantees.md).
    private readonly long _keyLifetimeUs = dice.Between(8_000_000, 20_000_000) + (world.Plan.Has(FaultKind.PspKeyExpiry) ? 0 : long.MaxValue / 2);
    private readonly int _slowestWebhookUs = dice.Between(10_000, 3_000_000);
    private readonly double _webhookRate = dice.Below(3) == 0 ? 1 : 0.1;
    private long _downUntilUs;

    /// <summary>Every movement of money, in order.</summary>
    public List<PspFact> Facts { get; } = [];

    public void DownFor(long us) => _downUntilUs = world.Schedule.NowUs + us;

    public void Ask(SimulatedNode node, PaymentRequest request, Action<PaymentOutcome> answer)
    {
        world.CheckIntent(request);
        world.Coverage.Count(request.Operation);
        var (schedule, life) = (world.Schedule, node.Incarnation);
        // On the wire: a crash of its sender does not stop it. The answer dies with the sender.
        schedule.After(dice.Between(_latencyUs / 4, _latencyUs), () =>
        {
            PaymentOutcome outcome;
            if (_downUntilUs > schedule.NowUs || world.Happens(FaultKind.PspLostRequest, 0.05))
                outcome = new PaymentOutcome.Unknown("timeout");
            else
                outcome = Execute(request);
            if (world.Happens(FaultKind.PspLostAnswer, 0.05))
                outcome = new PaymentOutcome.Unknown("timeout");
            world.Coverage.Count(outcome);
            schedule.After(dice.Between(_latencyUs / 4, _latencyUs), node, life, () => answer(outcome));
        });
    }

    private PaymentOutcome Execute(PaymentRequest request)
    {
        var key = request.IdempotencyKey;
        var isKnown = _byKey.TryGetValue(key, out var known);
        if (isKnown && world.Schedule.NowUs - known.AtUs >= _keyLifetimeUs)
            world.Struck(FaultKind.PspKeyExpiry);
        if (isKnown && (request.Attempt > 1 || world.Schedule.NowUs - known.AtUs < _keyLifetimeUs))
            return known.Outcome;
        // A void or a refund is not refused: the other side of the money is ours already.
        var isDeclined = request.Operation is PaymentOperation.Authorize or PaymentOperation.Capture
            && world.Happens(FaultKind.PspDecline, request.Operation == PaymentOperation.Authorize ? 0.08 : 0.02);
        PaymentOutcome outcome = isDeclined
            ? new PaymentOutcome.Declined("no_funds", IsSoft: dice.Below(2) == 0)
            : new PaymentOutcome.Succeeded($"psp_{Facts.Count}");
        if (outcome is PaymentOutcome.Succeeded done)
            Facts.Add(new PspFact(Name(request.Operation), key, done.Reference, request.AmountMinor, request.CurrencyCode));
        _byKey[key] = (outcome, world.Schedule.NowUs);
        if (dice.Happens(_webhookRate))
            Notify(request, outcome);
        return outcome;
    }

    // A webhook may come before our own answer, after it, or twice; it is repeated until somebody takes it.
    private void Notify(PaymentRequest request, PaymentOutcome outcome)
    {
        var step = (PaymentStep)(int)request.Operation;
        OrderCommand fact = outcome is PaymentOutcome.Succeeded done
            ? new OrderCommand.PaymentSucceeded(step, request.Number, done.Reference)
            : new OrderCommand.PaymentDeclined(step, request.Number, "no_funds", IsSoft: false);
        if (world.Happens(FaultKind.LostWebhook, 0.2))
            return;
        for (var copies = world.Happens(FaultKind.RepeatedWebhook, 0.3) ? 3 : 1; copies > 0; copies--)
            NotifyOnce(request, fact);
        if (dice.Below(10) == 0)
            world.TellOrder(request.Order, new OrderCommand.PaymentSucceeded(step, request.Number + 100, "not_ours"));
    }

    // Now and then the merchant hears of it too, and lets a parked order go on in the same moment.
    private void NotifyOnce(PaymentRequest request, OrderCommand fact)
    {
        var after = dice.Between(10_000, _slowestWebhookUs);
        world.Schedule.After(after, () => world.TellOrder(request.Order, fact));
        if (dice.Below(2) == 0)
            world.Schedule.After(after - dice.Below(10_000), () => world.TellOrder(request.Order, new OrderCommand.Resume("the provider says so")));
    }

    private static string Name(PaymentOperation operation) => operation switch
    {
        PaymentOperation.Authorize => "authorize",
        PaymentOperation.Capture => "capture",
        PaymentOperation.Void => "void",
        PaymentOperation.Refund => "refund",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
