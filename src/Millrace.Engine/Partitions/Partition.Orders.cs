using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>Orders: place, change, read, and what their events set in motion.</summary>
public sealed partial class Partition
{
    // Most decisions answer nobody: only those of the edge become a reply.
    private readonly record struct Decided(ReplyStatus Status, Order? Order, string? Code = null, string? Detail = null)
    {
        public PartitionReply ToReply(OrderEntry entry) =>
            new(Status, Order, Order is null ? default : entry.Document, Code: Code, Detail: Detail);
    }

    private void Place(PartitionRequest.PlaceOrder request, ReplySink sink, long nowMs)
    {
        var hash = request.Placement.KeyHash;
        if (_names.TryFindRecent(hash, out var first))
        {
            WithOrder(first, sink, nowMs, new Waiting(request, sink));
            return;
        }

        if (MustLookUp(hash))
        {
            LookUp(hash, new Waiting(request, sink));
            return;
        }

        PlaceFresh(request, sink, nowMs);
    }

    private bool IsOverloaded => _unsettled >= _options.MaxUnsettled
        || _dirtyOrders.Count + _checkpointing.Count >= _options.MaxUncheckpointed
        || _channels.Unacknowledged >= _options.MaxOutbox
        || _pending.Length >= _options.MaxPendingBytes;

    private void PlaceFresh(PartitionRequest.PlaceOrder request, ReplySink? sink, long nowMs)
    {
        if (IsOverloaded)
        {
            Reply(sink, PartitionReply.Unavailable("overloaded", "Too many orders are under way; repeat with the same key."), 0);
            return;
        }

        if (request.Id.Partition != Id || _map.OwnerOfName(request.Placement.KeyHash) != Id)
            throw new InvalidOperationException($"Order {request.Id} does not belong to partition {Id}.");
        if (_orders.ContainsKey(request.Id))
        {
            // 62 random bits met twice in a millisecond: the edge makes another id for the same key.
            Reply(sink, PartitionReply.Unavailable("id_taken", "Repeat with the same key."), 0);
            return;
        }

        var entry = new OrderEntry(request.Id);
        var context = new EventContext(nowMs, request.Actor);
        var decided = Decide(request.Id, entry, new OrderCommand.Place(request.Placement), context);
        if (entry.Order is { } placed)
        {
            _orders.Add(request.Id, entry);
            AddName(request.Placement.KeyHash, request.Id);
            // The answer shows the order as placed, whatever the same decision went on to do: a repeat can be answered the same.
            decided = decided with { Order = Order.Evolve(request.Id, null, new OrderEvent.Placed(placed.Placement), context) };
        }

        Reply(sink, decided.ToReply(entry), entry.LastSeq);
    }

    private void Repeat(PartitionRequest.PlaceOrder request, OrderEntry entry, ReplySink? sink)
    {
        var order = entry.Order!;
        if (order.Placement.PayloadHash != request.Placement.PayloadHash || order.Placement.Tenant != request.Placement.Tenant)
            Reply(sink, new PartitionReply(ReplyStatus.KeyReused), entry.LastSeq);
        else
            Reply(sink, new PartitionReply(ReplyStatus.Replayed, OrderDocument.Fold(order.Id, entry.Document, version: 1), entry.Document), entry.LastSeq);
    }

    // The order is in memory now.
    private void Proceed(OrderId id, OrderEntry? entry, Waiting waiting, long nowMs)
    {
        switch (waiting.Request)
        {
            case PartitionRequest.PlaceOrder r when entry is not null:
                Repeat(r, entry, waiting.Sink);
                break;
            case PartitionRequest.PlaceOrder r:
                throw new InvalidOperationException($"Key of partition {Id} leads to {id}, which is not there; placing {r.Id}.");
            case PartitionRequest.ChangeOrder r:
                Change(r, entry, waiting.Sink, nowMs);
                break;
            case PartitionRequest.ReadOrder r:
                Reply(waiting.Sink, IsVisible(entry, r.Tenant)
                    ? new PartitionReply(ReplyStatus.Accepted, entry!.Order, entry.Document)
                    : new PartitionReply(ReplyStatus.NotFound), entry?.LastSeq ?? 0);
                break;
            case PartitionRequest.AwaitSettled r:
                Await(r, entry, waiting.Sink!);
                break;
            case null:
                Resume(waiting, id, entry, nowMs);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Change(PartitionRequest.ChangeOrder request, OrderEntry? entry, ReplySink? sink, long nowMs)
    {
        if (!IsVisible(entry, request.Tenant))
        {
            Reply(sink, new PartitionReply(ReplyStatus.NotFound), 0);
            return;
        }

        if (request.Key is { } key && FindChange(entry!, key) is { } earlier)
        {
            Reply(sink, earlier, entry!.LastSeq);
            return;
        }

        if (request.ExpectedVersion is { } expected && expected != entry!.Order!.Version)
        {
            Reply(sink, new PartitionReply(ReplyStatus.VersionMismatch, entry.Order, entry.Document), entry.LastSeq);
            return;
        }

        var decided = Decide(request.Id, entry!, request.Command, new EventContext(nowMs, request.Actor, request.Key));
        Reply(sink, decided.ToReply(entry!), entry!.LastSeq);
    }

    private static PartitionReply? FindChange(OrderEntry entry, ChangeKey key)
    {
        if (entry.FindChange(key.KeyHash) is not { } earlier)
            return null;
        return earlier.Key.PayloadHash != key.PayloadHash
            ? new PartitionReply(ReplyStatus.KeyReused)
            : new PartitionReply(ReplyStatus.Replayed, OrderDocument.FoldDecision(entry.Id, entry.Document, earlier.Version), entry.Document);
    }

    private static bool IsVisible(OrderEntry? entry, TenantId? tenant) =>
        entry?.Order is { } order && (tenant is null || order.Placement.Tenant == tenant);

    private Decided Decide(OrderId id, OrderEntry entry, OrderCommand command, EventContext context, bool isAnswer = false)
    {
        _facts.Clear();
        OrderDecision decision;
        try
        {
            decision = OrderDecider.Decide(id, entry.Order, command, context, _map, _facts);
        }
        catch (Exception poison) when (command is not (OrderCommand.Park or OrderCommand.SetAside))
        {
            return entry.Order is null ? Refuse(entry, "nothing of it is kept") : Park(id, entry, isAnswer ? command : null, poison, context);
        }

        if (decision.Rejection is { } rejection)
            return new Decided(ReplyStatus.Rejected, entry.Order, rejection.Code, rejection.Detail);
        if (_facts.Count == 0)
            return new Decided(ReplyStatus.Unchanged, entry.Order);
        Record(id, entry, decision.After!, context);
        return new Decided(ReplyStatus.Accepted, decision.After);
    }

    // One order's decider threw: that order waits for a person, its neighbours go on. An answer comes once and is kept.
    private Decided Park(OrderId id, OrderEntry entry, OrderCommand? answer, Exception poison, EventContext context)
    {
        var type = poison.GetType().Name;
        Decide(
            id, entry,
            answer is not null && Format >= PayloadFormat.WithAnswersSetAside
                ? new OrderCommand.SetAside(answer, OrderParkCodes.Poison, type)
                : new OrderCommand.Park(OrderParkCodes.Poison, type),
            context with { Actor = Actor.System, Key = null });
        return Refuse(entry, "an operator has been asked");
    }

    private static Decided Refuse(OrderEntry entry, string consequence) => new(
        ReplyStatus.Rejected, entry.Order, OrderParkCodes.Poison, $"The order cannot be processed as it is; {consequence}.");

    private void Record(OrderId id, OrderEntry entry, Order after, EventContext context)
    {
        var seq = NextRecord();
        var versionBefore = after.Version - _facts.Count;
        OrderMark? mark = Format < PayloadFormat.WithOrderMarks || versionBefore == 0 ? null : new OrderMark(after.Placement.Tenant, versionBefore);
        var start = RecordCodec.WriteOrderDecided(_pending, id, context, _facts, mark);
        Apply(entry, after, seq, _pending.Written[start..]);
        foreach (var fact in _facts)
            React(id, entry, after, fact);
        if (after.SettledVersion > versionBefore)
            Hold(new HeldOutput { Seq = seq, Payload = after });
        if (entry.Waiters is not null && after.SettledVersion is not null)
            AnswerWaiters(entry, seq);
    }

    private void Apply(OrderEntry entry, Order after, long seq, ReadOnlySpan<byte> decision)
    {
        entry.Append(after, seq, decision);
        MarkDirty(entry);
        CountUnsettled(entry, after);
    }

    // What an event sets in motion; derived from the event alone, so that replay rebuilds the same channels.
    private void React(OrderId id, OrderEntry entry, Order after, OrderEvent fact)
    {
        switch (fact)
        {
            case OrderEvent.ReservationRequested:
                for (var part = 0; part < after.StockParts.Length; part++)
                    Send(after.StockParts[part].Partition, new PartitionMessage.ToStock(ReserveCommand(after, part)));
                break;
            case OrderEvent.StockMoveRequested e:
                SendMoves(after, e.Step);
                break;
            case OrderEvent.ExternalIdRequested e:
                Send(e.Partition, new PartitionMessage.ClaimName(
                    NameHash.ExternalId(after.Placement.Tenant, after.Placement.ExternalId!), id));
                break;
            case OrderEvent.PaymentRequested when after.Payment.Pending is not null && !_isRecovering:
                HoldPayment(id, isRepeat: false);
                break;
            case OrderEvent.Resumed when after.Payment.Pending is not null && !_isRecovering:
                // It was tried before it was parked: the gateway looks first, since the PSP may have forgotten the key.
                HoldPayment(id, isRepeat: true);
                break;
            case OrderEvent.PaymentUnknown e when !_isRecovering:
                SetTimer(id, entry, e.RetryAtUnixMs);
                break;
        }
    }

    private static StockCommand.Reserve ReserveCommand(Order order, int part)
    {
        var demands = new List<StockDemand>();
        foreach (var index in order.StockParts[part].LineIndexes)
        {
            var line = order.Placement.Lines[index];
            var known = demands.FindIndex(d => d.Sku == line.Sku);
            if (known < 0)
                demands.Add(new StockDemand(line.Sku, line.Quantity));
            else
                demands[known] = demands[known] with { Quantity = checked(demands[known].Quantity + line.Quantity) };
        }

        var options = order.Placement.Options;
        return new StockCommand.Reserve(
            order.Placement.Tenant, order.Id, part, [.. demands], options.AllowBackorder, options.AllowSplit);
    }

    private void SendMoves(Order order, StockStep step)
    {
        var moved = step switch
        {
            StockStep.Allocate => StockPartStatus.Allocated,
            StockStep.Release => StockPartStatus.Releasing,
            StockStep.Deduct => StockPartStatus.Deducting,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        for (var i = 0; i < order.StockParts.Length; i++)
        {
            var part = order.StockParts[i];
            if (part.Status == moved)
            {
                Send(part.Partition, new PartitionMessage.ToStock(
                    new StockCommand.Move(order.Placement.Tenant, order.Id, i, step, part.WasAllocated, part.Takes)));
            }
        }
    }
}
