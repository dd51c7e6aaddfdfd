using System.Runtime.CompilerServices;

namespace Millrace.Api.Keys;

/// <summary>
/// Header values that were checked before, known by identity: Kestrel gives the same string for the same header of a
/// connection's next request, so a busy client's key is hashed once a connection. Bounded, lock-free, and compared by
/// reference only, so time tells nothing about a key.
/// </summary>
internal sealed class RecentKeys
{
    private const int Slots = 1024;
    private readonly Entry?[] _entries = new Entry?[Slots];

    public ApiKey? Find(string header)
    {
        var entry = Volatile.Read(ref SlotOf(header));
        return ReferenceEquals(entry?.Header, header) ? entry.Key : null;
    }

    public void Add(string header, ApiKey key) => Volatile.Write(ref SlotOf(header), new Entry(header, key));

    private ref Entry? SlotOf(string header) => ref _entries[RuntimeHelpers.GetHashCode(header) & (Slots - 1)];

    private sealed record Entry(string Header, ApiKey Key);
}
