using System.Buffers.Binary;
using Millrace.Domain.Identity;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Reads what <see cref="KeyRuns"/> wrote.</summary>
internal static class KeyRunReader
{
    private const string SelectBlock =
        "SELECT entries FROM key_block WHERE run = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";

    /// <summary>The runs of a scope.</summary>
    public static List<long> Runs(SqliteSession session, long scope)
    {
        var runs = new List<long>();
        var select = session.Statement("SELECT id FROM key_run WHERE scope = ?1");
        using var use = select.Bind(1, scope).Use();
        while (select.Step())
            runs.Add(select.Int64(0));
        return runs;
    }

    /// <summary>The order that a name leads to: it has one, since a partition gives a name once.</summary>
    public static OrderId? Find(SqliteSession session, long scope, UInt128 key)
    {
        OrderId? oldest = null;
        foreach (var run in Runs(session, scope))
        {
            if (FindLast(session, run, key) is { } id && (oldest is null || id < oldest))
                oldest = id;
        }

        return oldest;
    }

    /// <summary>Ids of a key in one run, newest first, below <paramref name="before"/>.</summary>
    public static List<OrderId> Before(SqliteSession session, long run, UInt128 key, OrderId? before, int limit)
    {
        var ids = new List<OrderId>();
        Span<byte> bound = stackalloc byte[KeyEntry.Length];
        while (ids.Count < limit)
        {
            var found = ids.Count;
            var end = ids.Count > 0 ? ids[^1] : before;
            Bound(key, end, bound);
            var select = session.Statement(SelectBlock).Bind(1, run).Bind(2, bound);
            using var use = select.Use();
            if (!select.Step())
                break;
            var block = select.Blob(0);
            for (var at = block.Length - KeyEntry.Length; at >= 0; at -= KeyEntry.Length)
            {
                var entry = KeyEntry.ReadFrom(block[at..]);
                if (entry.Key == key && (end is null || entry.Id < end))
                    ids.Add(entry.Id);
            }

            if (ids.Count == found)
                break;
        }

        return ids;
    }

    public static void ReadRun(SqliteSession session, long run, Action<KeyEntry> take)
    {
        var select = session.Statement("SELECT entries FROM key_block WHERE run = ?1 ORDER BY first");
        using var use = select.Bind(1, run).Use();
        while (select.Step())
        {
            var block = select.Blob(0);
            for (var at = 0; at < block.Length; at += KeyEntry.Length)
                take(KeyEntry.ReadFrom(block[at..]));
        }
    }

    private static OrderId? FindLast(SqliteSession session, long run, UInt128 key) =>
        Before(session, run, key, before: null, limit: 1) is [.., var oldest] ? oldest : null;

    // The last entry that could be an answer: it stands in the last block that begins at or before it.
    private static void Bound(UInt128 key, OrderId? before, Span<byte> bound)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bound, key);
        bound[16..].Fill(0xFF);
        if (before is not { } id)
            return;
        id.WriteTo(bound[16..]);
        BinaryPrimitives.WriteUInt128BigEndian(bound[16..], BinaryPrimitives.ReadUInt128BigEndian(bound[16..]) - 1);
    }
}
