using System.IO.Hashing;
using System.Text;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>How an order stands in its row.</summary>
internal static class OrderRows
{
    public const string Columns = "id, tenant, status, version, customer, due_at, attention, doc";

    private const string SelectOne = $"SELECT {Columns} FROM orders WHERE partition = ?1 AND id = ?2";

    public static OrderRow? Find(SqliteSession session, OrderId id)
    {
        var statement = session.Statement(SelectOne).Bind(1, (long)id.Partition);
        using var scope = Bind(statement, 2, id).Use();
        return statement.Step() ? Read(statement) : null;
    }

    /// <summary>The row that the statement stands on, which selects <see cref="Columns"/>.</summary>
    public static OrderRow Read(SqliteStatement statement) => new(
        ReadId(statement, 0),
        TenantId.Parse(statement.Text(1)),
        (OrderStatus)statement.Int64(2),
        (int)statement.Int64(3),
        statement.TextOrNull(4),
        statement.IsNull(5) ? null : statement.Int64(5),
        statement.TextOrNull(6),
        statement.Blob(7).ToArray());

    public static OrderId ReadId(SqliteStatement statement, int column) => OrderId.TryRead(statement.Blob(column), out var id)
        ? id
        : throw new InvalidDataException("The store holds an order id that is none.");

    public static SqliteStatement Bind(SqliteStatement statement, int index, OrderId id)
    {
        Span<byte> bytes = stackalloc byte[OrderId.ByteLength];
        id.WriteTo(bytes);
        return statement.Bind(index, bytes);
    }

    /// <summary>The key of the customer index: readers look at the order itself.</summary>
    public static UInt128 CustomerKey(TenantId tenant, string customer)
    {
        Span<byte> tenantBytes = stackalloc byte[TenantId.MaxLength];
        var seed = (long)XxHash3.HashToUInt64(tenantBytes[..Encoding.UTF8.GetBytes(tenant.Value, tenantBytes)]);
        Span<byte> bytes = customer.Length <= 80 ? stackalloc byte[240] : new byte[Encoding.UTF8.GetMaxByteCount(customer.Length)];
        return XxHash128.HashToUInt128(bytes[..Encoding.UTF8.GetBytes(customer, bytes)], seed);
    }
}
