using System.Buffers.Binary;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.ReadModel;
using Npgsql;

namespace Millrace.Storage.Postgres.Lists;

/// <summary>Orders as rows, and pages of them.</summary>
internal static class OrderLister
{
    public const string Columns = "id, tenant, status, version, customer, due_at, attention, doc";

    public static OrderRow Read(NpgsqlDataReader reader) => new(
        ReadId(reader, 0),
        TenantId.Parse(reader.GetString(1)),
        (OrderStatus)reader.GetInt16(2),
        reader.GetInt32(3),
        reader.IsDBNull(4) ? null : reader.GetString(4),
        reader.IsDBNull(5) ? null : reader.GetInt64(5),
        reader.IsDBNull(6) ? null : reader.GetString(6),
        reader.GetFieldValue<byte[]>(7));

    public static OrderId ReadId(NpgsqlDataReader reader, int column)
    {
        Span<byte> bytes = stackalloc byte[OrderId.ByteLength];
        reader.GetGuid(column).TryWriteBytes(bytes, bigEndian: true, out _);
        return OrderId.TryRead(bytes, out var id) ? id : throw new InvalidDataException("The store holds an order id that is none.");
    }

    public static Guid Key(OrderId id)
    {
        Span<byte> bytes = stackalloc byte[OrderId.ByteLength];
        id.WriteTo(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The least key above an order's.</summary>
    public static Guid KeyAbove(OrderId id)
    {
        Span<byte> bytes = stackalloc byte[OrderId.ByteLength];
        id.WriteTo(bytes);
        return Key(BinaryPrimitives.ReadUInt128BigEndian(bytes) + 1);
    }

    public static Guid Key(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The page's rows and one more, which tells whether there are more. At most <see cref="OrderQuery.ScanLimit"/> rows are looked at, along
    /// the index that the query has; the rows themselves are asked for the rest.</summary>
    public static string PageSql(OrderQuery query) => $"""
        SELECT {Columns} FROM (SELECT {Columns} FROM orders WHERE {Indexed(query)} ORDER BY id DESC LIMIT $3) looked
        WHERE ($4::text IS NULL OR tenant = $4) AND ($5::text IS NULL OR customer = $5) AND ($6::smallint IS NULL OR status = $6) AND ($9::text IS NULL OR attention = $9)
        ORDER BY id DESC LIMIT $7
        """;

    /// <summary>The same rows, each with the last row that a page may look at, when there are as many: a row without an order when there is none to show. In one
    /// statement, since rows may leave between two.</summary>
    public static string PageAndLastSql(OrderQuery query) => $"""
        SELECT p.*, l.last FROM (SELECT 1) one
        LEFT JOIN (SELECT id AS last FROM orders WHERE {Indexed(query)} ORDER BY id DESC OFFSET $3 - 1 LIMIT 1) l ON true
        LEFT JOIN ({PageSql(query)}) p ON true
        ORDER BY p.id DESC
        """;

    /// <param name="query">What to list.</param>
    /// <param name="rows">Runs <see cref="PageSql"/>.</param>
    /// <param name="rowsAndLast">Runs <see cref="PageAndLastSql"/>.</param>
    public static async Task<OrderPage> PageAsync(
        OrderQuery query, Func<string, Task<List<OrderRow>>> rows, Func<string, Task<List<(OrderRow? Row, OrderId? Last)>>> rowsAndLast)
    {
        var found = await rows(PageSql(query)).ConfigureAwait(false);
        OrderId? last = null;
        if (found.Count <= query.Limit && MayStopEarly(query))
        {
            var again = await rowsAndLast(PageAndLastSql(query)).ConfigureAwait(false);
            found = [.. again.Where(one => one.Row is not null).Select(one => one.Row!.Value)];
            last = again[0].Last;
        }

        if (found.Count <= query.Limit)
            return new OrderPage(found, last);
        found.RemoveAt(query.Limit);
        return new OrderPage(found, found[^1].Id);
    }

    /// <summary>A row of <see cref="PageAndLastSql"/>.</summary>
    public static (OrderRow? Row, OrderId? Last) ReadWithLast(NpgsqlDataReader reader) =>
        (reader.IsDBNull(0) ? null : Read(reader), reader.IsDBNull(8) ? null : ReadId(reader, 8));

    /// <summary>Whether a page may end before its limit with more behind it.</summary>
    public static bool MayStopEarly(OrderQuery query) => query.ScanLimit <= query.Limit || query.Status is not null
        || (query.NeedsAttention ? query.Tenant is not null || query.CustomerId is not null || query.AttentionCode is not null : query.CustomerId is not null && query.Tenant is null);

    public static void Bind(NpgsqlParameterCollection p, OrderQuery query, int[]? only)
    {
        p.Add(new NpgsqlParameter<Guid> { TypedValue = query.Before is { } before ? Key(before) : Key(UInt128.MaxValue) });
        p.Add(new NpgsqlParameter<Guid> { TypedValue = Oldest(query) });
        p.Add(new NpgsqlParameter<long> { TypedValue = query.ScanLimit });
        p.Add(new NpgsqlParameter<string?> { TypedValue = query.Tenant?.Value });
        p.Add(new NpgsqlParameter<string?> { TypedValue = query.CustomerId });
        p.Add(new NpgsqlParameter<short?> { TypedValue = (short?)query.Status });
        p.Add(new NpgsqlParameter<long> { TypedValue = query.Limit + 1L });
        p.Add(new NpgsqlParameter<int[]?> { TypedValue = only });
        p.Add(new NpgsqlParameter<string?> { TypedValue = query.AttentionCode });
    }

    private static string Indexed(OrderQuery query)
    {
        var range = "id < $1 AND id >= $2 AND ($4::text IS NULL OR true) AND ($5::text IS NULL OR true) AND ($9::text IS NULL OR true) AND ($8::int[] IS NULL OR partition = ANY($8))";
        if (query.NeedsAttention)
            return range + " AND attention IS NOT NULL" + (query is { Tenant: not null, AttentionCode: not null } ? " AND tenant = $4 AND attention = $9" : "");
        if (query.Tenant is null)
            return range;
        return range + " AND tenant = $4" + (query.CustomerId is null ? "" : " AND customer = $5");
    }

    /// <summary>At most every key that the query may mean.</summary>
    public static Guid Oldest(OrderQuery query) =>
        query.CreatedAfterUnixMs is > 0 and { } created ? Key((UInt128)(ulong)created << 80) : Guid.Empty;
}
