using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>Items and stock of the SKUs that this partition owns.</summary>
public sealed partial class Partition
{
    private readonly HashSet<StockItem> _dirtyItems = new(ReferenceEqualityComparer.Instance);

    private void ChangeStock(PartitionRequest.ChangeStock request, ReplySink sink, long nowMs)
    {
        if (_map.OwnerOfSku(request.Command.Tenant, request.Sku) != Id)
            throw new InvalidOperationException($"SKU '{request.Sku}' does not belong to partition {Id}.");
        if (request.KeyHash is { } hash && !_names.TryFindRecent(hash, out _) && MustLookUp(hash))
        {
            LookUp(hash, new Waiting(request, sink));
            return;
        }

        OrderId? first = request.KeyHash is { } key && _names.TryFindRecent(key, out var name) ? name : null;
        ChangeStockOnce(request, sink, first, nowMs);
    }

    private void ChangeStockOnce(PartitionRequest.ChangeStock request, ReplySink? sink, OrderId? first, long nowMs)
    {
        var before = _stock.Find(request.Command.Tenant, request.Sku);
        if (first is { } name)
        {
            var reply = request.Command is StockCommand.Adjust again && AdjustmentName.IsOf(name, again)
                ? new PartitionReply(ReplyStatus.Replayed, Item: before?.Snapshot())
                : new PartitionReply(ReplyStatus.KeyReused);
            Reply(sink, reply, _appendedSeq);
            return;
        }

        var decision = StockDecider.Decide(_stock, request.Command);
        // What is so already overwrites nobody's change: it may be the repeat of a request whose answer was lost (RFC 9110, section 13.1.1).
        var isRepeat = request.ExpectedVersion is not null && before is not null && decision is { Event: null, Rejection: null };
        if (!isRepeat && !IsAsExpected(request, before))
        {
            Reply(sink, new PartitionReply(ReplyStatus.VersionMismatch, Item: before?.Snapshot()), _appendedSeq);
            return;
        }

        if (decision.Rejection is { } rejection)
        {
            Reply(sink, new PartitionReply(ReplyStatus.Rejected, Item: before?.Snapshot(), Code: rejection.Code, Detail: rejection.Detail), _appendedSeq);
            return;
        }

        if (decision.Event is { } fact)
            RecordStock(fact, nowMs);
        var status = decision.Event is null ? ReplyStatus.Unchanged : ReplyStatus.Accepted;
        Reply(sink, new PartitionReply(status, Item: _stock.Find(request.Command.Tenant, request.Sku)?.Snapshot()), _appendedSeq);
    }

    private static bool IsAsExpected(PartitionRequest.ChangeStock request, StockItem? item) =>
        (request.ExpectedVersion is not { } version || version == item?.Version) && (request.MustExist is not { } must || must == item is not null);

    private void ReadItem(PartitionRequest.ReadItem request, ReplySink sink)
    {
        var item = _stock.Find(request.Tenant, request.Sku)?.Snapshot();
        Reply(sink, new PartitionReply(item is null ? ReplyStatus.NotFound : ReplyStatus.Accepted, Item: item), _appendedSeq);
    }

    private void RecordStock(StockEvent fact, long nowMs)
    {
        NextRecord();
        RecordCodec.WriteStockChanged(_pending, nowMs, fact);
        ApplyStock(fact, nowMs);
        if (fact is StockEvent.ItemDefined)
            Hold(new HeldOutput { Seq = _appendedSeq, Payload = _changedItems[0].Snapshot() });
    }

    // Applies and answers; derived from the event alone, so that replay rebuilds the same channels.
    private void ApplyStock(StockEvent fact, long atMs)
    {
        _changedItems.Clear();
        _stock.Evolve(fact, _changedItems);
        foreach (var item in _changedItems)
        {
            if (!item.IsWithinLimit && fact is StockEvent.Reserved)
                throw new InvalidOperationException($"'{item.Sku}' is oversold by {fact}.");
            _dirtyItems.Add(item);
        }

        switch (fact)
        {
            case StockEvent.Reserved e:
                Answer(e.Order, new OrderCommand.StockReserved(e.Part, e.Takes));
                break;
            case StockEvent.ReservationRefused e:
                Answer(e.Order, new OrderCommand.StockRefused(e.Part, e.Code, e.Sku));
                break;
            case StockEvent.Moved { Step: not StockStep.Allocate } e:
                Answer(e.Order, new OrderCommand.StockMoved(e.Part, e.Step));
                break;
            case StockEvent.Adjusted e:
                AddName(e.KeyHash, AdjustmentName.Of(e, atMs, Id));
                break;
        }
    }

    private void Answer(OrderId order, OrderCommand command) =>
        Send(order.Partition, new PartitionMessage.ToOrder(order, command));
}
