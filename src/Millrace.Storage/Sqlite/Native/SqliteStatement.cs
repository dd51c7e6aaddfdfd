using System.Buffers.Binary;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Millrace.Storage.Sqlite.Native;

/// <summary>
/// A prepared statement over the native interface. ADO.NET commands cost several microseconds and a handful of
/// allocations a row; this costs neither. Parameters and columns are numbered as in SQLite: from 1 and from 0.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int LongestStackText = 256;

    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 db, string sql)
    {
        _db = db;
        var code = raw.sqlite3_prepare_v3(db, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        if (code != raw.SQLITE_OK)
            throw Fault(code);
    }

    public SqliteStatement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, long? value) =>
        value is { } number ? Bind(index, number) : BindNull(index);

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        // An empty span has no address, which the native call takes for NULL.
        Check(value.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_statement, index, 0)
            : raw.sqlite3_bind_blob(_statement, index, value));
        return this;
    }

    /// <summary>Big-endian, so that keys sort as numbers.</summary>
    public SqliteStatement BindKey(int index, UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return Bind(index, bytes);
    }

    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
            return BindNull(index);
        if (value.Length is 0 or > LongestStackText / 3)
        {
            Check(raw.sqlite3_bind_text(_statement, index, value));
            return this;
        }

        Span<byte> bytes = stackalloc byte[LongestStackText];
        Check(raw.sqlite3_bind_text(_statement, index, bytes[..Encoding.UTF8.GetBytes(value, bytes)]));
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    /// <summary>True when there is a row to look at.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code is raw.SQLITE_ROW)
            return true;
        if (code is raw.SQLITE_DONE)
            return false;
        var fault = Fault(code);
        Reset();
        throw fault;
    }

    /// <summary>Steps once and resets: for statements that return nothing.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public UInt128 UInt128(int column) => BinaryPrimitives.ReadUInt128BigEndian(Blob(column));

    // The result repeats the error of the step, which has been thrown already.
    public void Reset() => _ = raw.sqlite3_reset(_statement);

    /// <summary>Resets at the end of the scope: an open read would hold its snapshot and keep the WAL from being reused.</summary>
    public Scope Use() => new(this);

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw Fault(code);
    }

    private SqliteException Fault(int code) => new(
        raw.sqlite3_errmsg(_db).utf8_to_string(), code & 0xFF, raw.sqlite3_extended_errcode(_db));

    public readonly struct Scope(SqliteStatement statement) : IDisposable
    {
        public void Dispose() => statement.Reset();
    }
}
