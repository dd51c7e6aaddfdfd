using System.Buffers.Binary;
using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Ids of one partition (or of the attention index) that may answer a query, newest first, fetched a few at a time:
/// one prepared statement serves all partitions.</summary>
internal sealed class OrderKeys(SqliteSession session, OrderQuery query, int partition, int fetch)
{
    private const int MostFetched = 256;

    // The last column says whether the row is worth loading.
    private const string Range = "id < ?2 AND id >= ?3";
    private const string IsOfTenant = "(?4 IS NULL OR tenant = ?4)";
    private const string ByAge = $"""
        SELECT id, {IsOfTenant} AND (?5 IS NULL OR status = ?5) FROM orders
        WHERE partition = ?1 AND {Range} ORDER BY id DESC LIMIT ?6
        """;
    private const string ByAttention = $"""
        SELECT id, {IsOfTenant} FROM orders INDEXED BY orders_attention
        WHERE attention IS NOT NULL AND {Range} ORDER BY id DESC LIMIT ?6
        """;
    private const string ByCustomer = $"""
        SELECT id, 1 FROM order_customers
        WHERE partition = ?1 AND customer = ?5 AND {Range} ORDER BY id DESC LIMIT ?6
        """;

    private readonly Queue<(OrderId Id, bool MayMatch)> _fetched = new();
    private OrderId? _before = query.Before;
    private int _fetch = fetch;
    private bool _atEnd;

    public bool TryNext(out (OrderId Id, bool MayMatch) key)
    {
        if (_fetched.Count == 0 && !_atEnd)
            Fetch();
        return _fetched.TryDequeue(out key);
    }

    private void Fetch()
    {
        var statement = Bind();
        using var scope = statement.Use();
        while (statement.Step())
        {
            _before = OrderRows.ReadId(statement, 0);
            _fetched.Enqueue((_before.Value, statement.Int64(1) != 0));
        }

        _atEnd = _fetched.Count < _fetch;
        _fetch = Math.Min(_fetch * 2, MostFetched);
    }

    private SqliteStatement Bind()
    {
        if (query.NeedsAttention)
            return BindRange(session.Statement(ByAttention)).Bind(4, query.Tenant?.Value);
        if (query.Tenant is { } tenant && query.CustomerId is not null)
            return BindRange(session.Statement(ByCustomer)).Bind(1, (long)partition)
                .Bind(5, OrderRows.CustomerKey(tenant, query.CustomerId));
        return BindRange(session.Statement(ByAge)).Bind(1, (long)partition)
            .Bind(4, query.Tenant?.Value).Bind(5, (long?)query.Status);
    }

    private SqliteStatement BindRange(SqliteStatement statement)
    {
        Span<byte> oldest = stackalloc byte[OrderId.ByteLength];
        oldest.Clear();
        if (query.CreatedAfterUnixMs is > 0 and { } created)
            BinaryPrimitives.WriteUInt64BigEndian(oldest, (ulong)created << 16);
        if (_before is { } before)
        {
            OrderRows.Bind(statement, 2, before);
        }
        else
        {
            // Above every UUIDv7.
            statement.BindKey(2, UInt128.MaxValue);
        }

        return statement.Bind(3, oldest).Bind(6, (long)_fetch);
    }
}
