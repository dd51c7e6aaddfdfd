using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>A change of an order that was made under a key.</summary>
/// <param name="Version">Of an event of its decision.</param>
internal readonly record struct RecordedChange(ChangeKey Key, int Version);

/// <summary>
/// An order in memory: its encoded history, its state while it moves, and what the partition must remember of it.
/// An order at rest (nothing in flight, nothing due) keeps only its bytes: folding a few hundred bytes again costs
/// microseconds and seldom happens, while a graph of thirty objects for every recent order costs the collector at each turn.
/// </summary>
internal sealed class OrderEntry
{
    // Place to confirmed of a small order takes about 350 bytes: one allocation, no copy.
    private const int FirstCapacity = 400;
    private byte[] _document;
    private int _length;
    private Order? _order;
    private OrderRow _atRest;

    public OrderEntry(OrderId id)
    {
        Id = id;
        _document = new byte[FirstCapacity];
    }

    public OrderEntry(Order order, ReadOnlyMemory<byte> document)
    {
        Id = order.Id;
        _order = order;
        _document = document.ToArray();
        _length = _document.Length;
    }

    public OrderId Id { get; }

    /// <summary>Null only until the first event.</summary>
    public Order? Order => _order ??= _length == 0 ? null : OrderDocument.Fold(Id, Document);

    /// <summary>The journal sequence of its last record.</summary>
    public long LastSeq { get; private set; }

    /// <summary>It differs from the read model, or a checkpoint of it is not stored yet.</summary>
    public bool IsDirty { get; set; }

    /// <summary>It waits for the next checkpoint.</summary>
    public bool IsListedDirty { get; set; }

    /// <summary>It stands in line to be evicted.</summary>
    public bool IsListedClean { get; set; }

    public bool IsPaymentRunning { get; set; }

    public bool IsUnsettled { get; set; }

    /// <summary>When a timer stands for it; 0 for none.</summary>
    public long TimerAtMs { get; set; }

    public List<(ReplySink Sink, long UntilUnixMs)>? Waiters { get; set; }

    /// <summary>Bytes once written never change, so a slice may be kept by a checkpoint or a reader.</summary>
    public ReadOnlyMemory<byte> Document => _document.AsMemory(0, _length);

    /// <summary>The payment under way; an order at rest has none, and is not folded to learn that.</summary>
    public PendingPayment? PendingPayment => IsAtRest ? null : Order!.Payment.Pending;

    // An unsettled one is counted: it would be counted again when it is loaded. A parked one waits for a person, whatever its payment.
    public bool IsEvictable => !IsDirty && !IsPaymentRunning && !IsUnsettled && Waiters is null
        && (IsAtRest || CanRest(Order!) || Order!.Parked is not null);

    private bool IsAtRest => !_atRest.Id.IsEmpty;

    /// <summary>The change that was made under a key; null when there was none. They stand in the order's own events: permanent, and without an index.</summary>
    public RecordedChange? FindChange(UInt128 keyHash)
    {
        // Nearly every key is new.
        if (!OrderDocument.MayHold(Document.Span, keyHash))
            return null;
        foreach (var recorded in OrderDocument.Read(Document))
        {
            if (recorded.Context.Key is { } key && key.KeyHash == keyHash)
                return new RecordedChange(key, recorded.Version);
        }

        return null;
    }

    /// <summary>One more decision: its bytes as the journal has them, and the order after it.</summary>
    public void Append(Order after, long seq, ReadOnlySpan<byte> decision)
    {
        if (_document.Length - _length < decision.Length)
            Array.Resize(ref _document, Math.Max(_document.Length + (_document.Length / 2), _length + decision.Length));
        decision.CopyTo(_document.AsSpan(_length));
        _length += decision.Length;
        LastSeq = seq;
        var rests = CanRest(after) && after.Status != OrderStatus.Pending;
        _order = rests ? null : after;
        _atRest = rests ? Row(after) : default;
    }

    public OrderRow ToRow() => IsAtRest ? _atRest with { Document = Document } : Row(Order!);

    private OrderRow Row(Order order) => new(
        Id, order.Placement.Tenant, order.Status, order.Version, order.Placement.Buyer.CustomerId, order.DueAtUnixMs, order.Parked?.Code, Document);

    private static bool CanRest(Order order) =>
        order.Payment.Pending is null && !Array.Exists(order.StockParts, p => p.IsInFlight);
}
