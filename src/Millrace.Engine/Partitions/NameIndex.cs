using Millrace.Domain.Identity;

namespace Millrace.Engine.Partitions;

/// <summary>The unique names of a partition: the recent ones exactly, all older ones as "maybe". A fresh name costs no read.</summary>
internal sealed class NameIndex(int maxRecent)
{
    private readonly Dictionary<UInt128, OrderId> _recent = [];
    private readonly Queue<UInt128> _inOrder = new();
    private readonly KeyFilter _older = new();

    public bool TryFindRecent(UInt128 hash, out OrderId order) => _recent.TryGetValue(hash, out order);

    /// <summary>False: the name is certainly free, unless it is recent.</summary>
    public bool MayBeOlder(UInt128 hash) => _older.MayContain(hash);

    public void Add(UInt128 hash, OrderId order)
    {
        if (_recent.TryAdd(hash, order))
            _inOrder.Enqueue(hash);
    }

    /// <summary>So many names that the store has will be added.</summary>
    public void ReserveOlder(int count) => _older.Reserve(count);

    /// <summary>A name that the store has.</summary>
    public void AddOlder(UInt128 hash) => _older.Add(hash);

    /// <summary>Moves the oldest names behind the filter. Only names that a checkpoint has stored may go.</summary>
    /// <param name="unsaved">How many of the newest are not stored yet.</param>
    public void Trim(int unsaved)
    {
        while (_inOrder.Count > Math.Max(maxRecent, unsaved))
        {
            var hash = _inOrder.Dequeue();
            _recent.Remove(hash);
            _older.Add(hash);
        }
    }
}
