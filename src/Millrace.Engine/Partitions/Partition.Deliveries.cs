using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;

namespace Millrace.Engine.Partitions;

/// <summary>Messages from other partitions.</summary>
public sealed partial class Partition
{
    private sealed record Delivery(int Source, long FirstSeq, IReadOnlyList<PartitionMessage> Messages);

    private readonly HashSet<int> _stalled = [];

    /// <summary>Takes messages of one channel, each number once and in order; what does not continue the channel is dropped,
    /// since its sender sends it again.</summary>
    public void Deliver(int source, long firstSeq, IReadOnlyList<PartitionMessage> messages, long nowMs)
    {
        // A message that waits for a cold order holds up its channel: order matters more than the little that waits.
        if (!_stalled.Contains(source))
            TakeDelivery(new Delivery(source, firstSeq, messages), nowMs);
    }

    /// <summary>Another partition has durably taken this channel's messages up to <paramref name="seq"/>.</summary>
    public void Acknowledged(int target, long seq, long nowMs) => _channels.Acknowledged(target, seq, nowMs);

    private void TakeDelivery(Delivery delivery, long nowMs)
    {
        var before = _channels.ReceivedFrom(delivery.Source);
        var last = before;
        for (var i = 0; i < delivery.Messages.Count; i++)
        {
            var seq = delivery.FirstSeq + i;
            if (seq <= last)
                continue;
            if (seq != last + 1)
                break;
            if (!TryTake(delivery, delivery.Messages[i], nowMs))
            {
                _stalled.Add(delivery.Source);
                break;
            }

            last = seq;
        }

        if (last > before)
        {
            NextRecord();
            RecordCodec.WriteReceived(_pending, delivery.Source, last);
            _channels.Received(delivery.Source, last);
        }

        // Also for repeats: the sender may have missed the acknowledgement.
        HoldAcknowledgement(delivery.Source, last);
    }

    private bool TryTake(Delivery delivery, PartitionMessage message, long nowMs)
    {
        switch (message)
        {
            case PartitionMessage.ToStock m:
                RecordStock(StockDecider.Decide(_stock, m.Command).Event!, nowMs);
                return true;
            case PartitionMessage.ToOrder m when _orders.TryGetValue(m.Order, out var entry):
                Decide(m.Order, entry, m.Command, new EventContext(nowMs, Actor.System));
                return true;
            case PartitionMessage.ToOrder m:
                Load(m.Order, new Waiting(null, null, delivery));
                return false;
            case PartitionMessage.ClaimName m:
                return TryAnswerName(delivery, m);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private bool TryAnswerName(Delivery delivery, PartitionMessage.ClaimName claim)
    {
        OrderId? owner = _names.TryFindRecent(claim.Hash, out var recent) ? recent : null;
        if (owner is null && _resolvedName is { } resolved && resolved.Hash == claim.Hash)
        {
            owner = resolved.Owner;
        }
        else if (owner is null && _names.MayBeOlder(claim.Hash))
        {
            LookUp(claim.Hash, new Waiting(null, null, delivery));
            return false;
        }

        var isGranted = owner is null || owner == claim.Order;
        NextRecord();
        RecordCodec.WriteNameAnswered(_pending, claim.Hash, claim.Order, isGranted);
        ApplyName(claim.Hash, claim.Order, isGranted);
        return true;
    }

    private void ApplyName(UInt128 hash, OrderId order, bool isGranted)
    {
        if (isGranted)
            AddName(hash, order);
        Answer(order, new OrderCommand.ExternalIdAnswered(isGranted));
    }
}
