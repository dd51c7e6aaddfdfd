using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.ReadModel;
using Npgsql;
using NpgsqlTypes;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore
{
    private const int NamesAtOnce = 50_000;
    private const int RecentDays = 1;
    private const int AllDays = 100_000;

    // One statement: all its data is at the server before it begins, so it never holds its row while a node stands still. What is checkpointed was written
    // a moment ago, so the tables of earlier days are left out; where it was not ($18), they are asked too.
    private const string Checkpoint = """
        WITH mark AS (
            SELECT last_seq, chain FROM journal WHERE partition = $1 AND first_seq <= $3 AND written_on >= current_date - $18
            ORDER BY first_seq DESC LIMIT 1),
        fence AS (
            UPDATE checkpoint c SET seq = $3, state = $4,
                chain = CASE WHEN $3 = c.seq THEN c.chain ELSE (SELECT chain FROM mark WHERE last_seq = $3) END
            WHERE c.partition = $1 AND c.epoch = $2 AND c.seq <= $3 AND (c.seq = $3 OR EXISTS (SELECT 1 FROM mark WHERE last_seq = $3))
            RETURNING 1),
        new_orders AS (
            INSERT INTO orders (id, partition, tenant, status, version, customer, due_at, attention, doc)
            SELECT o.id, $1, o.tenant, o.status, o.version, o.customer, o.due_at, o.attention, o.doc
            FROM unnest($5::uuid[], $6::text[], $7::smallint[], $8::int[], $9::text[], $10::bigint[], $11::text[], $12::bytea[])
                AS o(id, tenant, status, version, customer, due_at, attention, doc)
            WHERE EXISTS (SELECT 1 FROM fence)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, customer = excluded.customer,
                due_at = excluded.due_at, attention = excluded.attention, doc = excluded.doc),
        new_stock AS (
            INSERT INTO stock (partition, tenant, sku, doc)
            SELECT $1, s.tenant, s.sku, s.doc FROM unnest($13::text[], $14::text[], $15::bytea[]) AS s(tenant, sku, doc)
            WHERE EXISTS (SELECT 1 FROM fence)
            ON CONFLICT (partition, tenant, sku) DO UPDATE SET doc = excluded.doc),
        new_names AS (
            INSERT INTO name (partition, hash, order_id)
            SELECT $1, n.hash, n.order_id FROM unnest($16::uuid[], $17::uuid[]) AS n(hash, order_id)
            WHERE EXISTS (SELECT 1 FROM fence)
            ON CONFLICT DO NOTHING)
        SELECT c.epoch, c.seq, h.seq, EXISTS (SELECT 1 FROM fence)
        FROM checkpoint c LEFT JOIN partition_head h USING (partition) WHERE c.partition = $1
        """;

    public async ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        RequirePartition(checkpoint.Partition);
        if (checkpoint.Orders.FirstOrDefault(o => o.Id.Partition != checkpoint.Partition) is { Id.IsEmpty: false } stray)
            throw new ArgumentException($"{stray.Id} is not of partition {checkpoint.Partition}.", nameof(checkpoint));
        try
        {
            var found = await CheckpointAsync(checkpoint, RecentDays).ConfigureAwait(false);
            if (found.IsUnknown(checkpoint))
                found = await CheckpointAsync(checkpoint, AllDays).ConfigureAwait(false);
            return !found.IsUnknown(checkpoint) ? found.Epoch == checkpoint.Epoch : throw new ArgumentException(
                $"Sequence {checkpoint.Seq} of partition {checkpoint.Partition}, which ends at {found.End}, is no durable batch's last.", nameof(checkpoint));
        }
        catch (StoreUnavailableException fault) when (fault.InnerException is { } inner && PostgresFaults.IsForEver(inner))
        {
            return await IsCurrentAsync(checkpoint).ConfigureAwait(false) ? throw PostgresFaults.Refused(inner) : false;
        }
    }

    // Nobody is told that the rows of an owner that is overtaken do not fit: they are nobody's.
    private Task<bool> IsCurrentAsync(PartitionCheckpoint checkpoint) => RunAsync(
        _checkpoints, "SELECT epoch FROM checkpoint WHERE partition = $1", p => p.Add(Of(checkpoint.Partition)),
        async reader => await reader.ReadAsync().ConfigureAwait(false) && reader.GetInt64(0) == checkpoint.Epoch, CancellationToken.None);

    private Task<CheckpointFound> CheckpointAsync(PartitionCheckpoint checkpoint, int days) => RunAsync(
        _checkpoints, Checkpoint, p => p.AddRange(Columns(checkpoint, days)),
        async reader =>
        {
            await reader.ReadAsync().ConfigureAwait(false);
            return new CheckpointFound(reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetInt64(2), reader.GetBoolean(3));
        },
        CancellationToken.None);

    // A late copy of an older one changes nothing, and an owner that was overtaken writes nothing.
    private readonly record struct CheckpointFound(long Epoch, long Seq, long? End, bool IsWritten)
    {
        public bool IsUnknown(PartitionCheckpoint checkpoint) => Epoch == checkpoint.Epoch && !IsWritten && checkpoint.Seq >= Seq;
    }

    public async ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation)
    {
        RequirePartition(partition);
        // Nothing writes these rows between the claim and the first checkpoint of the new owner.
        return await RunAsync(
            _readers,
            [
                ("SELECT seq, state FROM checkpoint WHERE partition = $1", [Of(partition)]),
                ("SELECT tenant, sku, doc FROM stock WHERE partition = $1 ORDER BY tenant, sku", [Of(partition)]),
                ($"SELECT {OrderLister.Columns} FROM orders WHERE partition = $1 AND due_at IS NOT NULL ORDER BY due_at, id", [Of(partition)]),
            ],
            async reader =>
            {
                var (seq, state) = await reader.ReadAsync(cancellation).ConfigureAwait(false) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : (0L, []);
                await reader.NextResultAsync(cancellation).ConfigureAwait(false);
                var stock = await RowsAsync(reader, ReadStock, cancellation).ConfigureAwait(false);
                await reader.NextResultAsync(cancellation).ConfigureAwait(false);
                return new PartitionSnapshot(seq, state, stock, await RowsAsync(reader, OrderLister.Read, cancellation).ConfigureAwait(false));
            },
            cancellation).ConfigureAwait(false);
    }

    public async ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation)
    {
        RequirePartition(partition);
        // A piece at a time, each in the time that any read has: all of them together may take minutes.
        for (UInt128? after = null; ;)
        {
            var piece = await ReadAllAsync(
                $"SELECT hash FROM name WHERE partition = $1 AND hash {(after is null ? ">=" : ">")} $2 ORDER BY hash LIMIT {NamesAtOnce}",
                p => { p.Add(Of(partition)); p.Add(Of(OrderLister.Key(after ?? UInt128.Zero))); },
                static r => ReadHash(r, 0), cancellation).ConfigureAwait(false);
            piece.ForEach(take);
            if (piece.Count < NamesAtOnce)
                return;
            after = piece[^1];
        }
    }

    public async ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation) => (await LookUpOrderAsync(id, cancellation).ConfigureAwait(false)).Order;

    /// <summary>Also whether its partition was in this database at that moment.</summary>
    internal async ValueTask<(bool IsHere, OrderRow? Order)> LookUpOrderAsync(OrderId id, CancellationToken cancellation)
    {
        var rows = await ReadAllAsync(
            $"""
            SELECT {OrderLister.Columns}, o.id IS NOT NULL, h.here, ARRAY(SELECT folder FROM order_archive WHERE low <= $1 AND high > $1)
            FROM (SELECT EXISTS (SELECT 1 FROM partition_head WHERE partition = $2) AS here) h LEFT JOIN orders o ON o.id = $1
            """,
            p => { p.Add(Of(OrderLister.Key(id))); p.Add(Of(id.Partition)); },
            static r => (IsHere: r.GetBoolean(9), Order: r.GetBoolean(8) ? OrderLister.Read(r) : (OrderRow?)null, Folders: r.GetFieldValue<string[]>(10)), cancellation).ConfigureAwait(false);
        var (isHere, order, folders) = rows[0];
        return (isHere, order is null && folders.Length > 0 ? await Archive.FindAsync(folders, id, cancellation).ConfigureAwait(false) : order);
    }

    public async ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation) =>
        (await LookUpNameAsync(partition, hash, cancellation).ConfigureAwait(false)).Order;

    /// <summary>Also whether the partition was in this database at that moment.</summary>
    internal async ValueTask<(bool IsHere, OrderId? Order)> LookUpNameAsync(int partition, UInt128 hash, CancellationToken cancellation)
    {
        RequirePartition(partition);
        return await RunAsync(
            _readers,
            """
            SELECT EXISTS (SELECT 1 FROM partition_head WHERE partition = $1),
                (SELECT order_id FROM name WHERE partition = $1 AND hash = $2 ORDER BY order_id LIMIT 1)
            """,
            p => { p.Add(Of(partition)); p.Add(Of(OrderLister.Key(hash))); },
            async reader =>
            {
                await reader.ReadAsync(cancellation).ConfigureAwait(false);
                return (reader.GetBoolean(0), reader.IsDBNull(1) ? (OrderId?)null : OrderLister.ReadId(reader, 1));
            },
            cancellation).ConfigureAwait(false);
    }

    public ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation) => ListOrdersAsync(query, null, cancellation);

    public async ValueTask<IReadOnlyList<StockRow>> ListStockAsync(int partition, (TenantId Tenant, string Sku)? after, int limit, CancellationToken cancellation)
    {
        RequirePartition(partition);
        StockPageRules.RequireLimit(limit);
        // No tenant's name is empty: all are above it, whatever the database sorts by.
        return await ReadAllAsync(
            "SELECT tenant, sku, doc FROM stock WHERE partition = $1 AND (tenant, sku) > ($2, $3) ORDER BY tenant, sku LIMIT $4",
            p =>
            {
                p.Add(Of(partition));
                p.Add(Of(after?.Tenant.Value ?? ""));
                p.Add(Of(after?.Sku ?? ""));
                p.Add(Of((long)limit));
            },
            ReadStock, cancellation).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, CancellationToken cancellation) =>
        ListItemsAsync(tenant, prefix, after, limit, null, cancellation);

    /// <param name="only">Items of these partitions; null for all.</param>
    internal async ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, int[]? only, CancellationToken cancellation)
    {
        StockPageRules.RequireLimit(limit);
        return await ReadAllAsync(
            _lists,
            $"""
            SELECT tenant, sku, doc FROM stock
            WHERE tenant = $1 AND sku COLLATE "C" > $2 AND sku COLLATE "C" >= $3 AND sku COLLATE "C" < $4 {(only is null ? "" : "AND partition = ANY($6)")}
            ORDER BY sku COLLATE "C" LIMIT $5
            """,
            p =>
            {
                p.Add(Of(tenant.Value));
                p.Add(Of(after ?? ""));
                p.Add(Of(prefix));
                p.Add(Of(StockPageRules.End(prefix)));
                p.Add(Of((long)limit));
                if (only is not null)
                    p.Add(Of(only));
            },
            ReadStock, cancellation).ConfigureAwait(false);
    }

    private static StockRow ReadStock(NpgsqlDataReader reader) => new(TenantId.Parse(reader.GetString(0)), reader.GetString(1), reader.GetFieldValue<byte[]>(2));

    public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation) =>
        ListAttentionAsync(tenant, most, null, cancellation);

    /// <param name="only">Orders of these partitions; null for all.</param>
    internal async ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, int[]? only, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return await ReadAllAsync(_lists, AttentionLister.Sql, p => AttentionLister.Bind(p, tenant, most, only), AttentionLister.Read, cancellation).ConfigureAwait(false);
    }

    /// <param name="only">Orders of these partitions; null for all.</param>
    internal async ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, int[]? only, CancellationToken cancellation)
    {
        query.Validate();
        return await Archive.ListAsync(query, only, new Reads(this, cancellation), cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether the archive has what the database says it has.</summary>
    /// <exception cref="StoreRefusedException">It does not.</exception>
    internal async Task RequireArchiveAsync(CancellationToken cancellation) =>
        await Archive.RequireAsync(await new Reads(this, cancellation).MonthsAsync().ConfigureAwait(false), cancellation).ConfigureAwait(false);

    internal async IAsyncEnumerable<(string Folder, bool IsWhole)> VerifyArchiveAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var month in await new Reads(this, cancellation).MonthsAsync().ConfigureAwait(false))
            yield return (month.Folder, await Archive.IsWholeAsync(month.Folder, cancellation).ConfigureAwait(false));
    }

    private sealed class Reads(PostgresStore store, CancellationToken cancellation) : OrderReads
    {
        protected override Task<List<T>> ReadAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read) => store.ReadAllAsync(store._lists, sql, bind, read, cancellation);
    }

    private static NpgsqlParameter[] Columns(PartitionCheckpoint checkpoint, int days)
    {
        // In the order of their keys: neighbours find their page at hand, and two checkpoints never wait for each other crosswise.
        var orders = checkpoint.Orders.OrderBy(o => o.Id).ToList();
        var names = checkpoint.Names.DistinctBy(n => n.Hash).OrderBy(n => n.Hash).ToList();
        return
        [
            Of(checkpoint.Partition), Of(checkpoint.Epoch), Of(checkpoint.Seq), Of(checkpoint.State),
            Of(orders.Select(o => OrderLister.Key(o.Id)).ToArray()),
            Of(orders.Select(o => o.Tenant.Value).ToArray()),
            Of(orders.Select(o => (short)o.Status).ToArray()),
            Of(orders.Select(o => o.Version).ToArray()),
            Of(orders.Select(o => o.CustomerId).ToArray()),
            Of(orders.Select(o => o.DueAtUnixMs).ToArray()),
            Of(orders.Select(o => o.Attention).ToArray()),
            Bytes(orders.Select(o => o.Document)),
            Of(checkpoint.Stock.Select(s => s.Tenant.Value).ToArray()),
            Of(checkpoint.Stock.Select(s => s.Sku).ToArray()),
            Bytes(checkpoint.Stock.Select(s => s.Document)),
            Of(names.Select(n => OrderLister.Key(n.Hash)).ToArray()),
            Of(names.Select(n => OrderLister.Key(n.Order)).ToArray()),
            Of(days),
        ];
    }

    private static NpgsqlParameter<ReadOnlyMemory<byte>[]> Bytes(IEnumerable<ReadOnlyMemory<byte>> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };

    private static UInt128 ReadHash(NpgsqlDataReader reader, int column)
    {
        Span<byte> bytes = stackalloc byte[16];
        reader.GetGuid(column).TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private Task<List<T>> ReadAllAsync<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellation) =>
        ReadAllAsync(_readers, sql, bind, read, cancellation);

    private Task<List<T>> ReadAllAsync<T>(
        Pool pool, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellation) => RunAsync(
        pool, sql, bind, reader => RowsAsync(reader, read, cancellation), cancellation);

    private static async Task<List<T>> RowsAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }
}
