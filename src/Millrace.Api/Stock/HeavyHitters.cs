using System.Runtime.InteropServices;

namespace Millrace.Api.Stock;

/// <summary>One of what was seen most.</summary>
/// <param name="Times">How often, at least.</param>
/// <param name="Units">How many, at least.</param>
/// <param name="MostUnits">How many, at most.</param>
internal readonly record struct HeavyHitter<TKey>(TKey Key, long Times, long Units, long MostUnits);

/// <summary>
/// What is seen most of a stream of keys, in bounded memory: Space-Saving (Metwally, Agrawal and El Abbadi, 2005). Whatever makes up more than one part in
/// <paramref name="capacity"/> of all units is among those that are kept. Not thread-safe.
/// </summary>
internal sealed class HeavyHitters<TKey>(int capacity)
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _slots = [];
    private readonly List<HeavyHitter<TKey>> _kept = [];
    // Slots as a heap, by the most units, whose first makes room; and each slot's place in it, so that a key is hashed once however far it moves.
    private readonly List<int> _heap = [];
    private readonly List<int> _places = [];

    public IReadOnlyList<HeavyHitter<TKey>> Kept => _kept;

    /// <returns>What is known of a key, which need not be kept.</returns>
    public HeavyHitter<TKey> Find(TKey key) => _slots.TryGetValue(key, out var slot)
        ? _kept[slot]
        : new HeavyHitter<TKey>(key, 0, 0, _kept.Count < capacity ? 0 : Most(0));

    public void Add(TKey key, long units)
    {
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, key, out var isKept);
        if (isKept)
        {
            var known = _kept[slot];
            _kept[slot] = new HeavyHitter<TKey>(key, known.Times + 1, known.Units + units, known.MostUnits + units);
            Sink(_places[slot]);
        }
        else if (_kept.Count < capacity)
        {
            slot = _kept.Count;
            _kept.Add(new HeavyHitter<TKey>(key, 1, units, units));
            _heap.Add(slot);
            _places.Add(slot);
            Rise(slot);
        }
        else
        {
            // It may have been here before, and no oftener than who leaves was counted.
            slot = _heap[0];
            var least = _kept[slot];
            _slots.Remove(least.Key);
            _kept[slot] = new HeavyHitter<TKey>(key, 1, units, least.MostUnits + units);
            Sink(0);
        }
    }

    private long Most(int place) => _kept[_heap[place]].MostUnits;

    private void Rise(int place)
    {
        while (place > 0 && (place - 1) / 2 is var above && Most(place) < Most(above))
        {
            Swap(place, above);
            place = above;
        }
    }

    private void Sink(int place)
    {
        while ((place * 2) + 1 is var below && below < _heap.Count)
        {
            if (below + 1 < _heap.Count && Most(below + 1) < Most(below))
                below++;
            if (Most(place) <= Most(below))
                return;
            Swap(place, below);
            place = below;
        }
    }

    private void Swap(int one, int other)
    {
        (_heap[one], _heap[other]) = (_heap[other], _heap[one]);
        (_places[_heap[one]], _places[_heap[other]]) = (one, other);
    }
}
