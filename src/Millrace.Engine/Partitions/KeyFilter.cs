using System.Numerics;

namespace Millrace.Engine.Partitions;

/// <summary>
/// A Bloom filter over hashes that are uniform already: "no" is certain, "maybe" costs one indexed look-up. It grows
/// by layers, each twice the size of the last, and stops at <see cref="MaxBits"/>: from there on "maybe" gets more
/// frequent, never wrong. 12 bits a key and 7 probes give about 0.5% false "maybe" in a full layer.
/// (Almeida et al., Scalable Bloom Filters, 2007.)
/// </summary>
internal sealed class KeyFilter
{
    private const int FirstBits = 1 << 14;
    private const int MaxBits = 1 << 28;
    private const int BitsPerKey = 12;
    private const int Probes = 7;

    private readonly List<ulong[]> _layers = [];
    private int _room;

    public bool MayContain(UInt128 hash)
    {
        foreach (var layer in _layers)
        {
            if (IsIn(layer, hash))
                return true;
        }

        return false;
    }

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

    /// <summary>Makes room for so many more, in one layer: fewer layers, fewer probes.</summary>
    public void Reserve(int count)
    {
        if (_layers.Count > 0 || count == 0)
            return;
        var bits = BitOperations.RoundUpToPowerOf2((ulong)count * BitsPerKey);
        Add((int)Math.Clamp(bits, FirstBits, MaxBits));
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

    private void Grow() => Add(_layers.Count == 0 ? FirstBits : (int)Math.Min(MaxBits, _layers[^1].Length * 64L * 2));

    private void Add(int bits)
    {
        _layers.Add(new ulong[bits / 64]);
        _room = bits / BitsPerKey;
    }
}
