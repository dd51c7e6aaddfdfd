using System.Buffers.Binary;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>Short statements that commit by themselves, and are not cancelled once they may have.</summary>
internal static class Sql
{
    public static NpgsqlParameter<T> Of<T>(T value) => new() { TypedValue = value };

    public static byte[] ChainBytes(UInt128 chain)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, chain);
        return bytes;
    }

    /// <exception cref="InvalidDataException">The column does not hold 16 bytes.</exception>
    public static UInt128 ReadChain(NpgsqlDataReader reader, int column)
    {
        var bytes = reader.GetFieldValue<byte[]>(column);
        return bytes.Length == 16
            ? BinaryPrimitives.ReadUInt128BigEndian(bytes)
            : throw new InvalidDataException("A chain value of the journal does not have 16 bytes.");
    }

    /// <returns>The rows that were read, or that a statement without rows changed.</returns>
    /// <exception cref="StoreUnavailableException">The database cannot be reached, or does not know that the commit is replicated: what was to be done may be done.</exception>
    public static async Task<int> QueryAsync(
        this NpgsqlDataSource source, string sql, Action<NpgsqlParameterCollection> bind, Action<NpgsqlDataReader> row, CancellationToken cancellation)
    {
        try
        {
            var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                return await connection.QueryAsync(sql, bind, row).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    public static async Task<int> QueryAsync(this NpgsqlConnection connection, string sql, Action<NpgsqlParameterCollection> bind, Action<NpgsqlDataReader> row)
    {
        var wasWarned = false;
        void Hear(object _, NpgsqlNoticeEventArgs notice) => wasWarned |= notice.Notice.InvariantSeverity == "WARNING";
        connection.Notice += Hear;
        try
        {
            using var command = new NpgsqlCommand(sql, connection);
            bind(command.Parameters);
            var reader = await command.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
            var rows = 0;
            await using (reader.ConfigureAwait(false))
            {
                for (; await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false); rows++)
                    row(reader);
                await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
                rows = Math.Max(rows, reader.RecordsAffected);
            }

            return wasWarned ? throw new StoreUnavailableException("PostgreSQL stopped waiting for its standby: what was done may not be replicated.") : rows;
        }
        finally
        {
            connection.Notice -= Hear;
        }
    }
}
