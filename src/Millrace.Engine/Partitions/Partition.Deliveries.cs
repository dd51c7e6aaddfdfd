using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;

namespace Millrace.Engine.Partitions;

/// <summary>Messages from other partitions.</summary>
public sealed partial class Partition
{
    /// <summary>What is left of a delivery that waits for a read.</summary>
    private sealed record Delivery(int Source, long FirstSeq, PartitionMessage[] Messages);

    private readonly HashSet<int> _stalled = [];

    /// <summary>Takes messages of one channel, each number once and in order; what does not continue the channel is dropped,
    /// since its sender sends it again.</summary>
    public void Deliver(int source, long firstSeq, ReadOnlySpan<PartitionMessage> messages, long nowMs)
    {
        // A message that waits for a cold order holds up its channel: order matters more than the little that waits.
        if (_stalled.Count > 0 && _stalled.Contains(source))
            return;
        var before = _channels.ReceivedFrom(source);
        var last = before;
        for (var i = 0; i < messages.Length; i++)
        {
            var seq = firstSeq + i;
            if (seq <= last)
                continue;
            if (seq != last + 1)
                break;
            if (!TryTake(messages[i], nowMs))
            {
                Stall(new Delivery(source, seq, messages[i..].ToArray()));
                break;
            }

            last = seq;
        }

        if (last > before)
        {
            NextRecord();
            RecordCodec.WriteReceived(_pending, source, last);
            _channels.Received(source, last);
        }

        // Also for repeats: the sender may have missed the acknowledgement.
        HoldAcknowledgement(source, last);
    }

    /// <summary>Another partition has durably taken this channel's messages up to <paramref name="seq"/>.</summary>
    public void Acknowledged(int target, long seq, long nowMs) => _channels.Acknowledged(target, seq, nowMs);

    /// <returns>False: something must be read first; see <see cref="Stall"/>.</returns>
    private bool TryTake(PartitionMessage message, long nowMs)
    {
        switch (message)
        {
            case PartitionMessage.ToStock m:
                RecordStock(StockDecider.Decide(_stock, m.Command).Event!, nowMs);
                return true;
            case PartitionMessage.ToOrder m:
                if (!_orders.TryGetValue(m.Order, out var entry))
                    return false;
                Decide(m.Order, entry, m.Command, new EventContext(nowMs, Actor.System), isAnswer: true);
                return true;
            case PartitionMessage.ClaimName m:
                return TryAnswerName(m);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Stall(Delivery delivery)
    {
        _stalled.Add(delivery.Source);
        switch (delivery.Messages[0])
        {
            case PartitionMessage.ToOrder m: Load(m.Order, new Waiting(null, null, delivery)); break;
            case PartitionMessage.ClaimName m: LookUp(m.Hash, new Waiting(null, null, delivery)); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private bool TryAnswerName(PartitionMessage.ClaimName claim)
    {
        OrderId? owner = _names.TryFindRecent(claim.Hash, out var recent) ? recent : null;
        if (owner is null && _resolvedName is { } resolved && resolved.Hash == claim.Hash)
            owner = resolved.Owner;
        else if (owner is null && MustLookUp(claim.Hash))
            return false;

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
