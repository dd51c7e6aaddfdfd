using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Millrace.Storage.Sqlite.Native;

/// <summary>A connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly sqlite3 _db = connection.Handle
        ?? throw new ArgumentException("The connection is not open.", nameof(connection));

    public SqliteConnection Connection => connection;

    /// <summary>False while a transaction is open.</summary>
    public bool IsAutoCommit => raw.sqlite3_get_autocommit(_db) != 0;

    /// <summary>The statement of this text, prepared at its first use. The texts are constants, so their number is bounded.</summary>
    public SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements[sql] = statement = new SqliteStatement(_db, sql);
        return statement;
    }

    public void Execute(string sql) => Statement(sql).Run();

    public long Scalar(string sql)
    {
        var statement = Statement(sql);
        using var scope = statement.Use();
        return statement.Step() ? statement.Int64(0) : throw new InvalidOperationException($"No row: {sql}");
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        connection.Dispose();
    }
}
