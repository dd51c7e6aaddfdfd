namespace Millrace.Engine.Partitions;

/// <summary>
/// A Bloom filter over hashes that are uniform already: "no" is certain, "maybe" costs one indexed look-up. It grows
/// by layers, each four times the size of the last, and stops at <see cref="MaxBits"/>: from there on "maybe" gets more
/// frequent, never wrong. 16 bits a key and 7 probes give about 0.07% false "maybe" in a full layer.
/// (Almeida et al., Scalable Bloom Filters, 2007.)
/// </summary>
public sealed class KeyFilter
{
    private const int FirstBits = 1 << 14;
    private const int Growth = 4;
    private const int MaxBits = 1 << 28;
    private const int BitsPerKey = 16;
    private const int Probes = 7;

    private readonly List<ulong[]> _layers = [];
    private int _room;

    /// <summary>False: it was certainly not added.</summary>
    public bool MayContain(UInt128 hash)
    {
        foreach (var layer in _layers)
        {
            if (IsIn(layer, hash))
                return true;
        }

        return false;
    }

    /// <summary>For good: nothing can be taken out.</summary>
    public void Add(UInt128 hash)
    {
        if (_room == 0)
            Grow();
        var layer = _layers[^1];
        var mask = (uint)(layer.Length * 64) - 1;
        var (index, step) = ((uint)hash, (uint)(hash >> 32) | 1);
        for (var i = 0; i < Probes; i++, index += step)
            layer[(index & mask) >> 6] |= 1UL << (int)(index & 63);
        if (layer.Length * 64L < MaxBits)
            _room--;
    }

    /// <summary>Adds all that the other has. It must not be used any more.</summary>
    public void Include(KeyFilter other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._layers.Count == 0)
            return;
        // Whichever has the larger last layer is the one to go on with: the other's room is lost.
        if (_layers.Count == 0 || other._layers[^1].Length > _layers[^1].Length)
        {
            _layers.AddRange(other._layers);
            _room = other._room;
        }
        else
        {
            _layers.InsertRange(0, other._layers);
        }
    }

    private static bool IsIn(ulong[] layer, UInt128 hash)
    {
        var mask = (uint)(layer.Length * 64) - 1;
        var (index, step) = ((uint)hash, (uint)(hash >> 32) | 1);
        for (var i = 0; i < Probes; i++, index += step)
        {
            if ((layer[(index & mask) >> 6] & (1UL << (int)(index & 63))) == 0)
                return false;
        }

        return true;
    }

    private void Grow()
    {
        var bits = _layers.Count == 0 ? FirstBits : (int)Math.Min(MaxBits, _layers[^1].Length * 64L * Growth);
        _layers.Add(new ulong[bits / 64]);
        _room = bits / BitsPerKey;
    }
}
