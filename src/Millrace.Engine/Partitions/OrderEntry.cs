using Millrace.Domain.Orders;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>An order in memory: its state, its encoded history and what the partition must remember of it.</summary>
internal sealed class OrderEntry
{
    // Place to confirmed of a small order takes about 350 bytes: one allocation, no copy.
    private const int FirstCapacity = 400;
    private byte[] _document;
    private int _length;

    public OrderEntry()
    {
        _document = new byte[FirstCapacity];
    }

    public OrderEntry(Order order, ReadOnlyMemory<byte> document)
    {
        Order = order;
        _document = document.ToArray();
        _length = _document.Length;
    }

    /// <summary>Null only until the first event.</summary>
    public Order? Order { get; set; }

    /// <summary>The journal sequence of its last record.</summary>
    public long LastSeq { get; set; }

    /// <summary>It differs from the read model, or a checkpoint of it is not stored yet.</summary>
    public bool IsDirty { get; set; }

    /// <summary>It waits for the next checkpoint.</summary>
    public bool IsListedDirty { get; set; }

    public bool IsPaymentRunning { get; set; }

    public bool IsUnsettled { get; set; }

    /// <summary>When a timer stands for it; 0 for none.</summary>
    public long TimerAtMs { get; set; }

    public List<ReplySink>? Waiters { get; set; }

    /// <summary>Bytes once written never change, so a slice may be kept by a checkpoint or a reader.</summary>
    public ReadOnlyMemory<byte> Document => _document.AsMemory(0, _length);

    public bool IsEvictable => !IsDirty && !IsPaymentRunning && !IsUnsettled && Waiters is null
        && Order!.Payment.Pending is null && !Array.Exists(Order.StockParts, p => p.IsInFlight);

    public void Append(ReadOnlySpan<byte> decision)
    {
        if (_document.Length - _length < decision.Length)
            Array.Resize(ref _document, Math.Max(_document.Length + (_document.Length / 2), _length + decision.Length));
        decision.CopyTo(_document.AsSpan(_length));
        _length += decision.Length;
    }
}
