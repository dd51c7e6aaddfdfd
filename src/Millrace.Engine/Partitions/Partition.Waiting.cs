using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>Inputs that wait for a cold order or an old name to be read.</summary>
public sealed partial class Partition
{
    /// <summary>A request of the edge, the rest of a delivery, or (neither) a timer.</summary>
    private sealed record Waiting(PartitionRequest? Request, ReplySink? Sink, Delivery? Delivery = null)
    {
        public bool IsTimer => Request is null && Delivery is null;
    }

    private readonly Dictionary<OrderId, List<Waiting>> _loading = [];
    private readonly Dictionary<UInt128, List<Waiting>> _lookingUp = [];
    private int _waiting;
    private (UInt128 Hash, OrderId? Owner)? _resolvedName;

    /// <summary>Answers an <see cref="PartitionOutputs.OrderLoads"/>.</summary>
    /// <param name="row">Null when the store has no such order.</param>
    public void OrderLoaded(OrderId id, OrderRow? row, long nowMs)
    {
        if (row is { } found && !_orders.ContainsKey(id))
            AddCold(found);
        LetGo(_loading, id, waiting => Proceed(id, _orders.GetValueOrDefault(id), waiting, nowMs));
        // Also where nothing changes and no checkpoint is ever due: reading everything must not fill the memory.
        Evict();
    }

    /// <summary>Answers an <see cref="PartitionOutputs.NameLookups"/>.</summary>
    public void NameFound(UInt128 hash, OrderId? owner, long nowMs)
    {
        LetGo(_lookingUp, hash, waiting =>
        {
            // The first of several waiters may have taken the name meanwhile.
            var first = _names.TryFindRecent(hash, out var recent) ? recent : owner;
            _resolvedName = (hash, first);
            switch (waiting.Request)
            {
                case PartitionRequest.PlaceOrder r when first is null: PlaceFresh(r, waiting.Sink, nowMs); break;
                case PartitionRequest.PlaceOrder: WithOrder(first.Value, waiting.Sink, nowMs, waiting); break;
                case PartitionRequest.ChangeStock r: ChangeStockOnce(r, waiting.Sink, first, nowMs); break;
                default: Resume(waiting, default, null, nowMs); break;
            }

            _resolvedName = null;
        });
    }

    // Who has not had their turn when one of them breaks the partition is still among those that wait, and is told when it is given up.
    private void LetGo<TKey>(Dictionary<TKey, List<Waiting>> waitingFor, TKey key, Action<Waiting> proceed)
        where TKey : notnull
    {
        if (!waitingFor.Remove(key, out var waiters))
            return;
        NoLongerWait(waiters);
        var done = 0;
        try
        {
            for (; done < waiters.Count; done++)
                proceed(waiters[done]);
        }
        catch
        {
            waitingFor[key] = waiters[done..];
            throw;
        }
    }

    /// <summary>The read behind a load or a look-up failed: whoever waits is told to repeat.</summary>
    public void ReadFailed(OrderId? id, UInt128? hash)
    {
        var waiters = id is { } order && _loading.Remove(order, out var loads) ? loads
            : hash is { } name && _lookingUp.Remove(name, out var lookups) ? lookups : [];
        NoLongerWait(waiters);
        foreach (var waiting in waiters)
        {
            Reply(waiting.Sink, PartitionReply.Unavailable("store_unavailable", "The store could not be read; repeat with the same key."), 0);
            // The sender repeats what is not acknowledged.
            if (waiting.Delivery is { } delivery)
                _stalled.Remove(delivery.Source);
            else if (waiting.IsTimer && id is { } due)
                // It fires again, and not with every tick while the store is away.
                _timers.Enqueue(due, _tickedAtMs + TimerLoadRetryMs);
        }
    }

    private void NoLongerWait(List<Waiting> waiters)
    {
        _waiting -= waiters.Count;
        _timerLoads -= waiters.Count(static waiting => waiting.IsTimer);
    }

    private void WithOrder(OrderId id, ReplySink? sink, long nowMs, Waiting waiting)
    {
        if (_orders.TryGetValue(id, out var entry))
            Proceed(id, entry, waiting, nowMs);
        else if (id.Partition != Id)
            Reply(sink, new PartitionReply(ReplyStatus.NotFound), 0);
        else
            Load(id, waiting);
    }

    private void Load(OrderId id, Waiting waiting)
    {
        if (!Admit(waiting))
            return;
        if (!_loading.TryGetValue(id, out var waiters))
        {
            _loading.Add(id, waiters = []);
            Outputs.OrderLoads.Add(id);
        }

        waiters.Add(waiting);
    }

    // Whoever comes while a look-up is under way waits for it too: its answer would not know of a name given meanwhile.
    private bool MustLookUp(UInt128 hash) => _names.MayBeOlder(hash) || (_lookingUp.Count > 0 && _lookingUp.ContainsKey(hash));

    private void LookUp(UInt128 hash, Waiting waiting)
    {
        if (!Admit(waiting))
            return;
        if (!_lookingUp.TryGetValue(hash, out var waiters))
        {
            _lookingUp.Add(hash, waiters = []);
            Outputs.NameLookups.Add(hash);
        }

        waiters.Add(waiting);
    }

    // Only the edge can be told to come back; deliveries are bounded by one stalled delivery a channel, timers by the orders.
    private bool Admit(Waiting waiting)
    {
        if (waiting.Sink is not null && _waiting >= _options.MaxWaiting)
        {
            Reply(waiting.Sink, PartitionReply.Unavailable("overloaded", "Too many reads are under way; repeat with the same key."), 0);
            return false;
        }

        _waiting++;
        return true;
    }

    private void Resume(Waiting waiting, OrderId id, OrderEntry? entry, long nowMs)
    {
        if (waiting.Delivery is { } delivery)
        {
            _stalled.Remove(delivery.Source);
            if (entry is null && !id.IsEmpty)
                throw new InvalidOperationException($"Partition {delivery.Source} answers order {id}, which is not there.");
            Deliver(delivery.Source, delivery.FirstSeq, delivery.Messages, nowMs);
        }
        else if (entry is not null)
        {
            CheckDue(id, entry, nowMs);
        }
    }

    private OrderEntry AddCold(OrderRow row)
    {
        var order = OrderDocument.Fold(row.Id, row.Document)
            ?? throw new InvalidOperationException($"The stored document of {row.Id} is empty.");
        var entry = new OrderEntry(order, row.Document);
        _orders.Add(row.Id, entry);
        CountUnsettled(entry, order);
        ListClean(entry);
        return entry;
    }

    private void CountUnsettled(OrderEntry entry, Order order)
    {
        // Parked and held orders wait for people; they must not use up the room of those that move.
        var isUnsettled = order.Status == OrderStatus.Pending && order.Parked is null && order.Holds.Length == 0;
        if (isUnsettled == entry.IsUnsettled)
            return;
        entry.IsUnsettled = isUnsettled;
        _unsettled += isUnsettled ? 1 : -1;
    }
}
