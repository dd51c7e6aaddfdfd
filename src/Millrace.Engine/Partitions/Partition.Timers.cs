using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Partitions;

/// <summary>What happens because time passes.</summary>
public sealed partial class Partition
{
    private const int MostTimerLoads = 64;
    private const long TimerLoadRetryMs = 1_000;
    private readonly PriorityQueue<OrderId, long> _timers = new();
    private readonly Queue<OrderId> _coldDue = new();
    private int _timerLoads;
    private long _checkpointDueAtMs;
    private long _tickedAtMs;

    /// <summary>Fires due timers, repeats unacknowledged messages, and takes a checkpoint when one is due. Called a few times a second.</summary>
    public void Tick(long nowMs)
    {
        if (nowMs < _tickedAtMs)
            AfterClockSetBack(nowMs);
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
                _coldDue.Enqueue(id);
            }
        }

        LoadDue(nowMs);
        LetWaitersGo(nowMs);
        _channels.CollectOverdue(nowMs, (long)_options.ResendAfter.TotalMilliseconds,
            (target, seq, message) => Outputs.Messages.Add(new OutgoingMessage(target, seq, message)));
        // A checkpoint stands at the end of a batch, where the chain is known: now, or when the next batch is taken.
        _tickedAtMs = nowMs;
        if (IsCheckpointDue && !HasPending)
            TakeCheckpoint();
    }

    // Many may run out at one time, such as midnight, or while the store was away: a few are read at once, and whoever asks for an order has his turn.
    private void LoadDue(long nowMs)
    {
        while (_timerLoads < MostTimerLoads && _coldDue.TryDequeue(out var id))
        {
            if (_orders.TryGetValue(id, out var entry))
            {
                CheckDue(id, entry, nowMs);
            }
            else
            {
                _timerLoads++;
                Load(id, new Waiting(null, null));
            }
        }
    }

    // One that is further away than the interval was set by a clock that has been set back since.
    private bool IsCheckpointDue => _tickedAtMs >= _checkpointDueAtMs
        || _checkpointDueAtMs - _tickedAtMs > (long)_options.CheckpointEvery.TotalMilliseconds;

    // A payment to be tried again waits for a pause of ours, not for a date: a clock that ran ahead must not hold it up.
    private void AfterClockSetBack(long nowMs)
    {
        foreach (var (id, entry) in _orders)
        {
            if (entry.PendingPayment is { } pending && IsTooFar(pending, nowMs))
                _timers.Enqueue(id, nowMs);
        }
    }

    private bool IsTooFar(PendingPayment pending, long nowMs) =>
        pending.RetryAtUnixMs - nowMs > (long)_options.PaymentRetryCap.TotalMilliseconds;

    // A timer fires at least once and acts at most once: whether it is due is asked of the order, not of the timer.
    private void CheckDue(OrderId id, OrderEntry entry, long nowMs)
    {
        var order = entry.Order!;
        if (OrderSaga.DueAt(order) is not { } due)
            return;
        if (due > nowMs && !(order.Payment.Pending is { } pending && IsTooFar(pending, nowMs)))
        {
            SetTimer(id, entry, due);
            return;
        }

        if (entry.LastSeq > _durableSeq && order.Payment.Pending is not null)
            // The intent may not be durable: it starts by itself once it is. A retry comes back after the commit.
            SetTimer(id, entry, nowMs + 1);
        else if (order.Payment.Pending is not null)
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
