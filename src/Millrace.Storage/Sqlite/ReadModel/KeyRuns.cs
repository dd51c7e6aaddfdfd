using System.Runtime.InteropServices;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>
/// Writes random keys as sorted runs: a checkpoint adds one, and when a level has eight they become one of the level above.
/// A B-tree of random keys would dirty a page an entry once it is larger than a few thousand of them; here every entry is
/// written about once a level, side by side with its neighbours. (O'Neil et al., The Log-Structured Merge-Tree, 1996.)
/// </summary>
internal static class KeyRuns
{
    /// <summary>The scope of the customers of all partitions. A partition's number is the scope of its names.</summary>
    public const long Customers = -1;

    private const int FanOut = 8;

    /// <summary>Four blocks fill a page of 8 KB; one row may not be longer, or it goes to an overflow page of its own.</summary>
    private const int EntriesInBlock = 60;

    /// <summary>Runs above it are left as they are: a merge is one transaction, and its entries are in memory.</summary>
    private const int MostMerged = 1 << 20;

    /// <summary>Adds the entries, which are sorted in place.</summary>
    public static void Add(SqliteSession session, long scope, List<KeyEntry> entries)
    {
        if (entries.Count == 0)
            return;
        entries.Sort();
        RemoveRepeats(entries);
        Write(session, scope, level: 0, entries);
        for (var level = 0; TryMerge(session, scope, level); level++)
        {
        }
    }

    private static void Write(SqliteSession session, long scope, long level, List<KeyEntry> entries)
    {
        var insertRun = session.Statement("INSERT INTO key_run (scope, level, entries) VALUES (?1, ?2, ?3) RETURNING id");
        long run;
        using (insertRun.Bind(1, scope).Bind(2, level).Bind(3, (long)entries.Count).Use())
        {
            insertRun.Step();
            run = insertRun.Int64(0);
            insertRun.Step();
        }

        var insert = session.Statement("INSERT INTO key_block (run, first, entries) VALUES (?1, ?2, ?3)").Bind(1, run);
        Span<byte> block = stackalloc byte[EntriesInBlock * KeyEntry.Length];
        var rest = CollectionsMarshal.AsSpan(entries);
        while (!rest.IsEmpty)
        {
            var count = Math.Min(EntriesInBlock, rest.Length);
            for (var i = 0; i < count; i++)
                rest[i].WriteTo(block[(i * KeyEntry.Length)..]);
            insert.Bind(2, block[..KeyEntry.Length]).Bind(3, block[..(count * KeyEntry.Length)]).Run();
            rest = rest[count..];
        }
    }

    private static bool TryMerge(SqliteSession session, long scope, long level)
    {
        var (runs, count) = RunsOf(session, scope, level);
        if (runs.Count < FanOut || count > MostMerged)
            return false;
        var merged = new List<KeyEntry>((int)count);
        foreach (var run in runs)
        {
            KeyRunReader.ReadRun(session, run, merged.Add);
            session.Statement("DELETE FROM key_block WHERE run = ?1").Bind(1, run).Run();
            session.Statement("DELETE FROM key_run WHERE id = ?1").Bind(1, run).Run();
        }

        merged.Sort();
        RemoveRepeats(merged);
        Write(session, scope, level + 1, merged);
        return true;
    }

    private static (List<long> Runs, long Entries) RunsOf(SqliteSession session, long scope, long level)
    {
        var runs = new List<long>(FanOut);
        var count = 0L;
        var select = session.Statement("SELECT id, entries FROM key_run WHERE scope = ?1 AND level = ?2 ORDER BY id");
        using var use = select.Bind(1, scope).Bind(2, level).Use();
        while (select.Step())
        {
            runs.Add(select.Int64(0));
            count += select.Int64(1);
        }

        return (runs, count);
    }

    // An order that was checkpointed several times stands in several runs.
    private static void RemoveRepeats(List<KeyEntry> sorted)
    {
        var kept = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (kept == 0 || sorted[i] != sorted[kept - 1])
                sorted[kept++] = sorted[i];
        }

        sorted.RemoveRange(kept, sorted.Count - kept);
    }
}
