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
    where TKey : IEquatable<TKey>
{
    private readonly Dictionary<TKey, int> _places = new(capacity);
    // A heap, by the most units: the first one is who makes room.
    private readonly List<HeavyHitter<TKey>> _heap = new(capacity);

    public IReadOnlyList<HeavyHitter<TKey>> Kept => _heap;

    /// <returns>What is known of a key, which need not be kept.</returns>
    public HeavyHitter<TKey> Find(TKey key) => _places.TryGetValue(key, out var place)
        ? _heap[place]
        : new HeavyHitter<TKey>(key, 0, 0, _heap.Count < capacity ? 0 : _heap[0].MostUnits);

    public void Add(TKey key, long units)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, key, out var isKept);
        if (isKept)
        {
            var known = _heap[place];
            _heap[place] = new HeavyHitter<TKey>(key, known.Times + 1, known.Units + units, known.MostUnits + units);
            Sink(place);
        }
        else if (_heap.Count < capacity)
        {
            place = _heap.Count;
            _heap.Add(new HeavyHitter<TKey>(key, 1, units, units));
            Rise(place);
        }
        else
        {
            // It may have been here before, and no oftener than who leaves was counted.
            var least = _heap[0];
            place = 0;
            _places.Remove(least.Key);
            _heap[0] = new HeavyHitter<TKey>(key, 1, units, least.MostUnits + units);
            Sink(0);
        }
    }

    private void Rise(int place)
    {
        while (place > 0 && (place - 1) / 2 is var above && _heap[place].MostUnits < _heap[above].MostUnits)
        {
            Swap(place, above);
            place = above;
        }
    }

    private void Sink(int place)
    {
        while ((place * 2) + 1 is var below && below < _heap.Count)
        {
            if (below + 1 < _heap.Count && _heap[below + 1].MostUnits < _heap[below].MostUnits)
                below++;
            if (_heap[place].MostUnits <= _heap[below].MostUnits)
                return;
            Swap(place, below);
            place = below;
        }
    }

    private void Swap(int one, int other)
    {
        (_heap[one], _heap[other]) = (_heap[other], _heap[one]);
        (_places[_heap[one].Key], _places[_heap[other].Key]) = (one, other);
    }
}
