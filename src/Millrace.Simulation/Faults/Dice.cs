namespace Millrace.Simulation.Faults;

/// <summary>All chance of a simulated world, from one seed: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014). Small, fast, and the same on every machine and runtime, which <see cref="Random"/> does not promise.</summary>
public sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="limit"/> − 1.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>Both ends included.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>True at this rate, 0 to 1.</summary>
    public bool Happens(double rate) => rate > 0 && (Next() >> 11) * (1.0 / (1UL << 53)) < rate;

    public T Pick<T>(IReadOnlyList<T> all) => all[Below(all.Count)];

    /// <summary>Dice that roll apart: what one part of the world draws does not change what another draws.</summary>
    public Dice Split() => new(Next());
}
