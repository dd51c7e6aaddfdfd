using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.Data.Sqlite;
using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;
using Millrace.Storage.Sqlite.Native;
using Millrace.Storage.Sqlite.ReadModel;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>Orders in a SQLite database that nobody writes to any more: found by id, and listed as the store lists them.</summary>
internal static class OrderFile
{
    public const string Name = "orders.db";

    private const string Schema = """
        CREATE TABLE orders (
            id BLOB PRIMARY KEY, tenant TEXT NOT NULL, status INTEGER NOT NULL, version INTEGER NOT NULL, customer TEXT, doc BLOB NOT NULL,
            hash INTEGER NOT NULL) WITHOUT ROWID
        """;

    private const string Insert = "INSERT INTO orders (id, tenant, status, version, customer, doc, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    // Nothing is due of an archived order, and nobody is asked about it.
    private const string Columns = "id, tenant, status, version, customer, NULL, NULL, doc, hash";
    private const string Range = "id < ?1 AND id >= ?2";
    private const string End = "ORDER BY id DESC LIMIT ?3";

    /// <summary>A new file. It is whole only after <see cref="Finish"/>, and durable only once it is sealed.</summary>
    public static SqliteSession Create(string path)
    {
        DurableFiles.MakeFile(path);
        var session = Open(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        // What a crash leaves half written is thrown away and written again.
        foreach (var pragma in new[] { "page_size = 8192", "journal_mode = OFF", "synchronous = OFF" })
            session.Execute("PRAGMA " + pragma);
        session.Execute(Schema);
        session.Execute("BEGIN");
        return session;
    }

    /// <param name="row">Above every row before it: the table then grows at its end only.</param>
    public static void Add(SqliteSession session, in OrderRow row) => OrderRows.Bind(session.Statement(Insert), 1, row.Id)
        .Bind(2, row.Tenant.Value).Bind(3, (long)row.Status).Bind(4, (long)row.Version).Bind(5, row.CustomerId).Bind(6, row.Document.Span)
        .Bind(7, Hash(row)).Run();

    public static void Finish(SqliteSession session)
    {
        session.Execute("CREATE INDEX orders_tenant ON orders (tenant, id)");
        session.Execute("CREATE INDEX orders_customer ON orders (tenant, customer, id) WHERE customer IS NOT NULL");
        session.Execute("COMMIT");
    }

    /// <summary>Without a lock and without a look at whether it changes, so that any file system will do.</summary>
    public static SqliteSession OpenReader(string path) => Open(new SqliteConnectionStringBuilder
    {
        DataSource = "file://" + string.Join('/', Path.GetFullPath(path).Split('/').Select(Uri.EscapeDataString)) + "?immutable=1", Mode = SqliteOpenMode.ReadOnly, Pooling = false,
    }.ToString());

    /// <exception cref="InvalidDataException">The order is not as it was written.</exception>
    public static OrderRow? Find(SqliteSession session, OrderId id)
    {
        var statement = session.Statement($"SELECT {Columns} FROM orders WHERE id = ?1");
        using var use = OrderRows.Bind(statement, 1, id).Use();
        return statement.Step() ? Read(statement) : null;
    }

    /// <summary>From the oldest.</summary>
    /// <exception cref="InvalidDataException">An order is not as it was written.</exception>
    public static IEnumerable<OrderRow> ReadAll(SqliteSession session)
    {
        var statement = session.Statement($"SELECT {Columns} FROM orders ORDER BY id");
        using var use = statement.Use();
        while (statement.Step())
            yield return Read(statement);
    }

    /// <summary>As every store lists, in one file.</summary>
    /// <param name="only">Orders of these partitions; null for all.</param>
    public static OrderPage Page(SqliteSession session, OrderQuery query, int[]? only)
    {
        var statement = Bind(session.Statement(Indexed(query)), query);
        using var use = statement.Use();
        var rows = new List<OrderRow>();
        OrderId last = default;
        for (var looked = 0; statement.Step(); looked++)
        {
            if (rows.Count == query.Limit || looked == query.ScanLimit)
                return new OrderPage(rows, last);
            last = OrderRows.ReadId(statement, 0);
            if (only?.Contains(last.Partition) == false || (query.Status is { } status && statement.Int64(2) != (long)status))
                continue;
            if (Read(statement) is var row && query.Matches(row))
                rows.Add(row);
        }

        return new OrderPage(rows, null);
    }

    private static string Indexed(OrderQuery query) => query switch
    {
        { Tenant: null } => $"SELECT {Columns} FROM orders WHERE {Range} {End}",
        { CustomerId: null } => $"SELECT {Columns} FROM orders INDEXED BY orders_tenant WHERE {Range} AND tenant = ?4 {End}",
        _ => $"SELECT {Columns} FROM orders INDEXED BY orders_customer WHERE {Range} AND tenant = ?4 AND customer = ?5 {End}",
    };

    private static SqliteStatement Bind(SqliteStatement statement, OrderQuery query)
    {
        Span<byte> oldest = stackalloc byte[OrderId.ByteLength];
        oldest.Clear();
        if (query.CreatedAfterUnixMs is > 0 and { } created)
            BinaryPrimitives.WriteUInt64BigEndian(oldest, (ulong)created << 16);
        if (query.Before is { } before)
            OrderRows.Bind(statement, 1, before);
        else
            statement.BindKey(1, UInt128.MaxValue);
        // One more tells whether there are more.
        statement.Bind(2, oldest).Bind(3, query.ScanLimit + 1L);
        if (query.Tenant is { } tenant)
            statement.Bind(4, tenant.Value);
        return query is { Tenant: not null, CustomerId: { } customer } ? statement.Bind(5, customer) : statement;
    }

    private static OrderRow Read(SqliteStatement statement)
    {
        var row = OrderRows.Read(statement);
        return Hash(row) == statement.Int64(8) ? row : throw new InvalidDataException($"{row.Id} is damaged in its archive.");
    }

    private static long Hash(in OrderRow row)
    {
        var hash = new XxHash3();
        hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{row.Id}\0{row.Tenant}\0{(int)row.Status}\0{row.Version}\0{row.CustomerId}\0")));
        hash.Append(row.Document.Span);
        return (long)hash.GetCurrentHashAsUInt64();
    }

    private static SqliteSession Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            return new SqliteSession(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
