using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Where one partition's rows are in one table, and how to go through them in pieces.</summary>
/// <param name="Name">Of the table.</param>
/// <param name="Columns">All of them.</param>
/// <param name="Key">What pieces are cut by: many rows may have one key, if few; null for a table that is one piece.</param>
/// <param name="Type">Of the key.</param>
/// <param name="Rows">In a piece.</param>
internal sealed record PartitionTable(string Name, string Columns, string? Key, string Type, int Rows)
{
    /// <summary>Rows of one moment: what every checkpoint may change, and where the log begins.</summary>
    public static IReadOnlyList<PartitionTable> Snapshot { get; } =
    [
        new("orders", "id, partition, tenant, status, version, customer, due_at, attention, doc", "id", "uuid", 500),
        new("stock", "partition, tenant, sku, doc", null, "text", 0),
        new("name", "partition, hash, order_id", "hash", "uuid", 5_000),
        new("journal_archived", "partition, seq, chain", null, "bigint", 0),
    ];

    /// <summary>Rows never change, and come at the end.</summary>
    public static PartitionTable Journal { get; } =
        new("journal", "partition, first_seq, last_seq, epoch, previous, chain, payload, written_on", "first_seq", "bigint", 500);

    /// <summary>The partition's rows. Orders have no index by partition, but their ids tell it: the primary key's index is walked, and no other partition's
    /// rows are read.</summary>
    public string Of(int partition) => Name == "orders"
        ? $"(SELECT id AS own FROM orders WHERE {IsOf(partition)}) k JOIN orders t ON t.id = k.own"
        : $"{Name} t WHERE partition = {partition}";

    /// <summary>The last key, as text, of the piece that follows a key; null when nothing follows.</summary>
    public string NextKey(int partition, string? after) => $"SELECT piece.{Key}::text FROM {Keys(partition, after, null)} LIMIT {Rows}) piece ORDER BY piece.{Key} DESC LIMIT 1";

    public string Piece(int partition, string? after, string? last)
    {
        var columns = string.Join(", ", Columns.Split(", ").Select(column => $"t.{column}"));
        return Name == "orders"
            ? $"SELECT {columns} FROM {Keys(partition, after, last)}) k JOIN orders t USING (id)"
            : $"SELECT {columns} FROM {Name} t WHERE partition = {partition}{Range(after, last)}";
    }

    public string DeletePiece(int partition, string? after, string? last) => Key is null
        ? $"DELETE FROM {Name} WHERE partition = {partition}"
        : $"DELETE FROM {Name} WHERE {IsOf(partition)} AND {Key} IN (SELECT {Key} FROM {Keys(partition, after, last)}) k)";

    /// <summary>How many rows, and a sum over what stands in them that does not depend on their order.</summary>
    public string Digest(int partition) =>
        $"SELECT count(*), coalesce(sum(('x' || substr(md5(ROW({string.Join(", ", Columns.Split(", ").Select(column => $"t.{column}"))})::text), 1, 15))::bit(60)::bigint), 0)::text FROM {Of(partition)}";

    // Left open, for a limit.
    private string Keys(int partition, string? after, string? last) => $"(SELECT {Key} FROM {Name} WHERE {IsOf(partition)}{Range(after, last)} ORDER BY {Key}";

    // Keys were read from the database itself, as text: no stranger's words come into the statement.
    private string Range(string? after, string? last) =>
        (after is null ? "" : $" AND {Key} > '{after}'::{Type}") + (last is null ? "" : $" AND {Key} <= '{last}'::{Type}");

    private string IsOf(int partition) => Name == "orders"
        ? $"get_byte(uuid_send(id), 6) = {0x70 | (partition >> 8)} AND get_byte(uuid_send(id), 7) = {partition & 0xFF}"
        : $"partition = {partition}";
}

/// <summary>Copies, compares and removes one partition's rows, in pieces of bounded size.</summary>
internal sealed class PartitionRows(MoveRecord move)
{
    // No head here: what is written or removed can be nobody's who serves. And nobody has taken the move over.
    private const string Guard = """
        SELECT 1 FROM partition_transit t WHERE partition = $1 AND attempt = $2
            AND NOT EXISTS (SELECT 1 FROM partition_head h WHERE h.partition = $1) FOR UPDATE OF t
        """;

    /// <summary>One write to a database that the partition is not in.</summary>
    public async Task WriteAsync(NpgsqlConnection database, Func<Task> write)
    {
        var transaction = await database.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            if (await database.QueryAsync(Guard, p => { p.Add(Sql.Of(move.Partition)); p.Add(Sql.Of(move.Attempt)); }, static _ => { }).ConfigureAwait(false) != 1)
                throw move.TakenOver();
            await write().ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
        }
    }

    /// <param name="after">Key of the last row that is there already; null for none.</param>
    /// <returns>Key of the last row that is there now.</returns>
    public async Task<string?> CopyAsync(PartitionTable table, NpgsqlConnection source, NpgsqlConnection target, string? after, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            string? last = null;
            if (table.Key is not null && (last = await NextKeyAsync(table, source, after).ConfigureAwait(false)) is null)
                return after;
            await WriteAsync(target, () => PipeAsync(table, source, target, table.Piece(move.Partition, after, last))).ConfigureAwait(false);
            if (last is null)
                return null;
            after = last;
        }
    }

    public async Task<(long Rows, string Sum)> DigestAsync(PartitionTable table, NpgsqlConnection database)
    {
        (long, string) digest = default;
        await database.QueryAsync(table.Digest(move.Partition), static _ => { }, reader => digest = (reader.GetInt64(0), reader.GetString(1))).ConfigureAwait(false);
        return digest;
    }

    public async Task RemoveAsync(NpgsqlConnection database, CancellationToken cancellation)
    {
        foreach (var table in PartitionTable.Snapshot.Append(PartitionTable.Journal))
        {
            string? after = null;
            do
            {
                cancellation.ThrowIfCancellationRequested();
                string? last = null;
                if (table.Key is not null && (last = await NextKeyAsync(table, database, after).ConfigureAwait(false)) is null)
                    break;
                var piece = table.DeletePiece(move.Partition, after, last);
                await WriteAsync(database, () => database.QueryAsync(piece, static _ => { }, static _ => { })).ConfigureAwait(false);
                after = last;
            }
            while (after is not null);
        }
    }

    private async Task<string?> NextKeyAsync(PartitionTable table, NpgsqlConnection source, string? after)
    {
        string? last = null;
        await source.QueryAsync(
            table.NextKey(move.Partition, after), static _ => { }, reader => last = reader.GetString(0)).ConfigureAwait(false);
        return last;
    }

    // As the servers have them: nothing is decoded on the way.
    private static async Task PipeAsync(PartitionTable table, NpgsqlConnection source, NpgsqlConnection target, string select)
    {
        var from = await source.BeginRawBinaryCopyAsync($"COPY ({select}) TO STDOUT (FORMAT BINARY)").ConfigureAwait(false);
        await using (from.ConfigureAwait(false))
        {
            var to = await target.BeginRawBinaryCopyAsync($"COPY {table.Name} ({table.Columns}) FROM STDIN (FORMAT BINARY)").ConfigureAwait(false);
            await using (to.ConfigureAwait(false))
            {
                try
                {
                    await from.CopyToAsync(to).ConfigureAwait(false);
                }
                catch
                {
                    await to.CancelAsync().ConfigureAwait(false);
                    throw;
                }
            }
        }
    }
}
