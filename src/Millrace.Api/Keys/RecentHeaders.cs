using System.Runtime.CompilerServices;

namespace Millrace.Api.Keys;

/// <summary>
/// Header values that were checked before, known by identity: Kestrel gives the same string for the same header of a
/// connection's next request, so what a busy client sends is checked once a connection. Bounded, lock-free, and compared by
/// reference only, so time tells nothing about a secret.
/// </summary>
internal sealed class RecentHeaders<T>
    where T : class
{
    private const int Slots = 1024;
    private readonly Entry?[] _entries = new Entry?[Slots];

    public T? Find(string header)
    {
        var entry = Volatile.Read(ref SlotOf(header));
        return ReferenceEquals(entry?.Header, header) ? entry.Of : null;
    }

    public void Add(string header, T of) => Volatile.Write(ref SlotOf(header), new Entry(header, of));

    private ref Entry? SlotOf(string header) => ref _entries[RuntimeHelpers.GetHashCode(header) & (Slots - 1)];

    private sealed record Entry(string Header, T Of);
}
