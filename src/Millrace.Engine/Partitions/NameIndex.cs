using Millrace.Domain.Identity;

namespace Millrace.Engine.Partitions;

/// <summary>
/// The unique names of a partition: the recent ones exactly, all older ones as "maybe". A fresh name costs no read, once those that the store had
/// before are known: until then every name that is not recent may be one of them.
/// </summary>
internal sealed class NameIndex(int maxRecent)
{
    private readonly Dictionary<UInt128, OrderId> _recent = [];
    private readonly Queue<UInt128> _inOrder = new();
    private readonly KeyFilter _older = new();

    /// <summary>No name is missing.</summary>
    public bool IsWhole { get; private set; } = true;

    public bool TryFindRecent(UInt128 hash, out OrderId order) => _recent.TryGetValue(hash, out order);

    /// <summary>False: the name is certainly free, unless it is recent.</summary>
    public bool MayBeOlder(UInt128 hash) => !IsWhole || _older.MayContain(hash);

    public void Add(UInt128 hash, OrderId order)
    {
        if (_recent.TryAdd(hash, order))
            _inOrder.Enqueue(hash);
    }

    /// <summary>The store has names that are not known here.</summary>
    public void LackStored() => IsWhole = false;

    /// <summary>All that the store had at some time since.</summary>
    public void AddStored(KeyFilter stored)
    {
        _older.Include(stored);
        IsWhole = true;
    }

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
