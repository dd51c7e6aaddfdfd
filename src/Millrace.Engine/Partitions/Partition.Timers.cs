using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Partitions;

/// <summary>What happens because time passes.</summary>
public sealed partial class Partition
{
    private readonly PriorityQueue<OrderId, long> _timers = new();
    private long _checkpointDueAtMs;

    /// <summary>Fires due timers, repeats unacknowledged messages, and takes a checkpoint when one is due. Called a few times a second.</summary>
    public void Tick(long nowMs)
    {
        while (_timers.TryPeek(out var id, out var at) && at <= nowMs)
        {
            _timers.Dequeue();
            if (_orders.TryGetValue(id, out var entry))
            {
                if (entry.TimerAtMs == at)
                    entry.TimerAtMs = 0;
                CheckDue(id, entry, nowMs);
            }
            else
            {
                Load(id, new Waiting(null, null));
            }
        }

        _channels.CollectOverdue(nowMs, (long)_options.ResendAfter.TotalMilliseconds,
            (target, seq, message) => Outputs.Messages.Add(new OutgoingMessage(target, seq, message)));
        if (nowMs >= _checkpointDueAtMs)
            TakeCheckpoint(nowMs);
    }

    // A timer fires at least once and acts at most once: whether it is due is asked of the order, not of the timer.
    private void CheckDue(OrderId id, OrderEntry entry, long nowMs)
    {
        var order = entry.Order!;
        if (OrderSaga.DueAt(order) is not { } due)
            return;
        if (due > nowMs)
        {
            SetTimer(id, entry, due);
            return;
        }

        if (order.Payment.Pending is not null)
            StartPayment(id, isRepeat: true);
        else
            Decide(id, entry, new OrderCommand.CheckDue(), new EventContext(nowMs, Actor.System));
    }

    private void SetTimer(OrderId id, OrderEntry entry, long atMs)
    {
        if (entry.TimerAtMs != 0 && entry.TimerAtMs <= atMs)
            return;
        entry.TimerAtMs = atMs;
        _timers.Enqueue(id, atMs);
    }
}
