using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Backup;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>
/// Takes days of one database's journal into folders, and out of the database. Nodes may serve meanwhile. It can be killed at any instruction and run
/// again: a folder has its name only when it is whole, and rows go in one transaction, together with the note of where the log begins then.
/// </summary>
internal sealed class JournalArchiver(PostgresStore store, NpgsqlDataSource source, string folder)
{
    // What stays must go on where the archive ends: the next batch does, or the head when there is none.
    private const string NoteStart = """
        INSERT INTO journal_archived (partition, seq, chain)
        SELECT u.partition, u.seq, u.chain FROM unnest($1::int[], $2::bigint[], $3::bytea[]) AS u(partition, seq, chain) JOIN partition_head h USING (partition)
        WHERE (h.seq = u.seq AND h.chain = u.chain)
            OR EXISTS (SELECT 1 FROM journal j WHERE j.partition = u.partition AND j.first_seq = u.seq + 1 AND j.previous = u.chain)
        ON CONFLICT (partition) DO UPDATE SET seq = excluded.seq, chain = excluded.chain WHERE journal_archived.seq < excluded.seq
        """;

    private const string Attached = """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'journal'::regclass AND c.relname = ANY($1)
        """;

    /// <summary>Called after each step with its name, so that a test can end it there.</summary>
    public Action<string> After { get; init; } = static _ => { };

    /// <exception cref="StoreRefusedException">Another archiver is at work in this database.</exception>
    public async Task<ArchiveReport> RunAsync(ArchivePlan plan, bool isDryRun, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await ArchiveTurn.TakeAsync(connection, store.Identity.Shard).ConfigureAwait(false);
            var done = new List<ArchivedDays>();
            var starts = new Dictionary<int, (long, UInt128)>(await store.ReadArchivedAsync(cancellation).ConfigureAwait(false));
            var days = await plan.DaysAsync(connection).ConfigureAwait(false);
            while (days.Count > 0)
            {
                var (next, why) = await ArchivePlan.NextAsync(connection, days, starts).ConfigureAwait(false);
                // Later days follow on these: they stay too.
                if (why is not null)
                    return new ArchiveReport(done, $"{store.Identity.Shard}: {next.Name} and later: {why}");
                done.Add(isDryRun ? Told(next, null) : await ArchiveAsync(connection, next, starts, cancellation).ConfigureAwait(false));
                foreach (var range in next.Ranges)
                    starts[range.Partition] = range.End;
                days = [.. days.Where(day => day > next.Last)];
            }

            return new ArchiveReport(done, null);
        }
    }

    private async Task<ArchivedDays> ArchiveAsync(
        NpgsqlConnection connection, JournalDays days, Dictionary<int, (long, UInt128)> starts, CancellationToken cancellation)
    {
        ArchiveManifest? manifest = null;
        if (days.Ranges.Count > 0)
        {
            var target = new ArchiveFolder(Path.Combine(folder, ArchiveManifest.FolderName(store.Identity.StoreId, store.Identity.Shard, days)));
            // Whoever renamed it may have been killed before that was durable.
            if (target.Exists)
                DurableFiles.SyncFolder(folder);
            else
                await target.WriteAsync(
                    new ArchiveManifest(ArchiveManifest.CurrentFormat, store.Identity.StoreId, store.Identity.Shard, days.First, days.Last, days.Ranges, new BackupFile("", 0, "")),
                    ReadAsync(days, cancellation), cancellation).ConfigureAwait(false);
            After($"written {days.Name}");
            await foreach (var _ in target.ReadAsync(cancellation).ConfigureAwait(false))
            {
                // Read again from the disk, also when an earlier run wrote it: whatever is not as it should be, throws.
            }

            manifest = ArchiveManifest.Read(target.Path);
            if (!manifest.Ranges.SequenceEqual(days.Ranges))
                throw new InvalidDataException($"{target.Path} holds other batches than its name says.");
            After($"verified {days.Name}");
        }

        await ArchiveTurn.RepeatAsync(
            () => RemoveAsync(connection, days, starts),
            $"The journal of '{store.Identity.Shard}' is being read all the time, by a backup perhaps: {days.Name} is archived and not yet removed. Run it again.", cancellation).ConfigureAwait(false);
        After($"removed {days.Name}");
        return Told(days, manifest);
    }

    private async IAsyncEnumerable<PartitionBatch> ReadAsync(JournalDays days, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var range in days.Ranges)
        {
            await foreach (var batch in store.ReadAsync(range.Partition, range.Start.Seq, range.End, cancellation).ConfigureAwait(false))
                yield return batch;
        }
    }

    // One transaction, so there is nothing in between. Not a detachment beside it: that one is not possible while there is a default table.
    private async Task RemoveAsync(NpgsqlConnection connection, JournalDays days, Dictionary<int, (long, UInt128)> starts)
    {
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var tables = await NoteAsync(connection, days, starts).ConfigureAwait(false);
            After($"removing {days.Name}");
            // In one message: while the journal is locked nothing may come in between that takes its time, such as this process.
            await ExecuteAsync(connection, $"{ArchiveTurn.ShortWait}; {string.Concat(tables.Select(table => $"DROP TABLE {table}; "))} COMMIT").ConfigureAwait(false);
        }
    }

    /// <returns>The tables that are left to drop.</returns>
    private static async Task<List<string>> NoteAsync(NpgsqlConnection connection, JournalDays days, Dictionary<int, (long, UInt128)> starts)
    {
        var tables = new List<string>();
        await connection.QueryAsync(Attached, p => p.Add(Sql.Of(days.Tables)), reader => tables.Add(reader.GetString(0))).ConfigureAwait(false);
        var others = 0L;
        await connection.QueryAsync(
            "SELECT count(*) FROM journal_other WHERE written_on BETWEEN $1 AND $2", p => Between(p, days), reader => others = reader.GetInt64(0)).ConfigureAwait(false);
        // From here on nothing comes into these days, and everybody may still read them; no append of today goes there.
        foreach (var table in others > 0 ? tables.Append("journal_other") : tables)
            await ExecuteAsync(connection, $"LOCK TABLE {table} IN SHARE MODE").ConfigureAwait(false);
        var (ranges, why, goesOn) = await ArchivePlan.RangesAsync(connection, days.First, days.Last, starts).ConfigureAwait(false);
        if ((why ?? goesOn) is { } changed || !days.IsSameAs(days with { Ranges = ranges }))
            throw new StoreUnavailableException($"{days.Name} changed while it was archived, and stays: run it again.");
        await NoteStartAsync(connection, ranges).ConfigureAwait(false);
        if (others > 0)
            await connection.QueryAsync("DELETE FROM journal_other WHERE written_on BETWEEN $1 AND $2", p => Between(p, days), static _ => { }).ConfigureAwait(false);
        return tables;
    }

    private static async Task NoteStartAsync(NpgsqlConnection connection, IReadOnlyList<ArchivedRange> ranges)
    {
        var noted = await connection.QueryAsync(
            NoteStart,
            p =>
            {
                p.Add(Sql.Of(ranges.Select(range => range.Partition).ToArray()));
                p.Add(Sql.Of(ranges.Select(range => range.LastSeq).ToArray()));
                p.Add(Sql.Of(ranges.Select(range => Sql.ChainBytes(range.End.Chain)).ToArray()));
            },
            static _ => { }).ConfigureAwait(false);
        if (noted != ranges.Count)
            throw new StoreUnavailableException("What would stay of a log does not go on where its archive ends: nothing was removed. 'millrace verify' tells more.");
    }

    private static void Between(NpgsqlParameterCollection parameters, JournalDays days)
    {
        parameters.Add(ArchivePlan.Of(days.First));
        parameters.Add(ArchivePlan.Of(days.Last));
    }

    private static Task<int> ExecuteAsync(NpgsqlConnection connection, string sql) => connection.QueryAsync(sql, static _ => { }, static _ => { });

    private ArchivedDays Told(JournalDays days, ArchiveManifest? manifest) => new(
        store.Identity.Shard, days.First, days.Last, days.Ranges.Sum(range => range.Batches), days.Ranges.Sum(range => range.LastSeq - range.FirstSeq + 1), manifest?.File.Bytes ?? 0);
}
