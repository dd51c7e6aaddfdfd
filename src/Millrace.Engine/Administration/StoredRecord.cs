using System.Buffers;

namespace Millrace.Engine.Administration;

/// <summary>A small thing that a running service keeps between restarts: how far a job is, who has a lease. What it means is its kind's to know.</summary>
public sealed record StoredRecord
{
    /// <summary>In bytes: a record is read and written whole.</summary>
    public const int MaxBody = 64 << 10;

    private const int MaxKind = 32;
    private const int MaxId = 200;
    private static readonly SearchValues<char> OfKinds = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <param name="kind">Stored name of its kind: 1 to 32 characters of a-z 0-9 _ -</param>
    /// <param name="id">Within its kind: 1 to 200 printable ASCII characters.</param>
    /// <param name="version">See <see cref="Version"/>.</param>
    /// <param name="body">At most <see cref="MaxBody"/> bytes; not copied, so not to be changed.</param>
    /// <exception cref="ArgumentException">One of them is not so.</exception>
    public StoredRecord(string kind, string id, long version, ReadOnlyMemory<byte> body)
    {
        RequireName(kind, id);
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, MaxBody, nameof(body));
        (Kind, Id, Version, Body) = (kind, id, version, body);
    }

    public string Kind { get; }

    public string Id { get; }

    /// <summary>How often it was written: 1 after the first time, one more after each. 0 of a record that is not stored yet. One that is deleted and made
    /// again begins at 1 again: whoever must tell the two apart empties a record rather than to delete it.</summary>
    public long Version { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The same version, to be written with another body.</summary>
    public StoredRecord With(ReadOnlyMemory<byte> body) => new(Kind, Id, Version, body);

    /// <exception cref="ArgumentException">No record can have that kind or id.</exception>
    public static void RequireName(string kind, string id)
    {
        RequireKind(kind);
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length is < 1 or > MaxId || id.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException($"A record's id has 1 to {MaxId} printable ASCII characters.", nameof(id));
    }

    /// <exception cref="ArgumentException">There is no such kind.</exception>
    public static void RequireKind(string kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (kind.Length is < 1 or > MaxKind || kind.AsSpan().ContainsAnyExcept(OfKinds))
            throw new ArgumentException($"A record's kind has 1 to {MaxKind} characters of a-z 0-9 _ -", nameof(kind));
    }

    /// <exception cref="ArgumentException">No page can be asked for like that.</exception>
    public static void RequirePage(string kind, int most)
    {
        RequireKind(kind);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, IRecords.MaxPage);
    }
}
