using System.Buffers.Binary;
using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Ids of one source that may answer a query, newest first, fetched a few at a time: one prepared statement
/// serves all sources.</summary>
/// <param name="source">A partition, a run of customers, or one of the attention indexes.</param>
internal sealed class OrderKeys(SqliteSession session, OrderQuery query, long source, int fetch)
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
    private const string ByAttentionCode = $"""
        SELECT id, 1 FROM orders INDEXED BY orders_attention_code
        WHERE attention IS NOT NULL AND tenant = ?4 AND attention = ?5 AND {Range} ORDER BY id DESC LIMIT ?6
        """;

    private readonly Queue<(OrderId Id, bool MayMatch)> _fetched = new();
    private OrderId? _before = query.Before;
    private int _fetch = fetch;
    private bool _atEnd;

    /// <summary>Whether a query is answered from the runs of customers.</summary>
    public static bool IsByCustomer(OrderQuery query) => !query.NeedsAttention && query is { Tenant: not null, CustomerId: not null };

    public bool TryNext(out (OrderId Id, bool MayMatch) key)
    {
        if (_fetched.Count == 0 && !_atEnd)
            Fetch();
        return _fetched.TryDequeue(out key);
    }

    private void Fetch()
    {
        if (IsByCustomer(query))
            FetchOfRun();
        else
            FetchRows();

        _atEnd = _fetched.Count < _fetch;
        _fetch = Math.Min(_fetch * 2, MostFetched);
    }

    private void FetchRows()
    {
        var statement = Bind();
        using var scope = statement.Use();
        while (statement.Step())
        {
            _before = OrderRows.ReadId(statement, 0);
            _fetched.Enqueue((_before.Value, statement.Int64(1) != 0));
        }
    }

    private void FetchOfRun()
    {
        var customer = OrderRows.CustomerKey(query.Tenant!.Value, query.CustomerId!);
        foreach (var id in KeyRunReader.Before(session, source, customer, _before, _fetch))
        {
            _before = id;
            if (query.CreatedAfterUnixMs is null || id.CreatedAtUnixMs >= query.CreatedAfterUnixMs)
                _fetched.Enqueue((id, true));
        }
    }

    private SqliteStatement Bind()
    {
        if (query is { Tenant: { } tenant, AttentionCode: { } code })
            return BindRange(session.Statement(ByAttentionCode)).Bind(4, tenant.Value).Bind(5, code);
        if (query.NeedsAttention)
            return BindRange(session.Statement(ByAttention)).Bind(4, query.Tenant?.Value);
        return BindRange(session.Statement(ByAge)).Bind(1, source)
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
