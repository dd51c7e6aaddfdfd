using DbUp;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Migrations;

/// <summary>Brings the schema up to date with the numbered scripts beside this file, which are only ever added, and makes the store's rows.</summary>
internal static class Migrator
{
    // Any number that nobody else uses: nodes that start at once take turns.
    private const long LockKey = 0x4D696C6C72616365;

    /// <returns>The number of partitions.</returns>
    public static async Task<int> EnsureAsync(NpgsqlConnection connection, string connectionString, int? wantedPartitions)
    {
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})").ConfigureAwait(false);
        try
        {
            Upgrade(connectionString);
            await TimePartitions.EnsureAsync(connection).ConfigureAwait(false);
            return await EnsureStoreAsync(connection, wantedPartitions).ConfigureAwait(false);
        }
        finally
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({LockKey})").ConfigureAwait(false);
        }
    }

    /// <summary>Only the tables that time divides.</summary>
    public static async Task PrepareAsync(NpgsqlConnection connection)
    {
        // Whoever comes second finds it done.
        using var turn = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
        if (!(bool)(await turn.ExecuteScalarAsync().ConfigureAwait(false))!)
            return;
        try
        {
            await TimePartitions.EnsureAsync(connection).ConfigureAwait(false);
        }
        finally
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({LockKey})").ConfigureAwait(false);
        }
    }

    private static void Upgrade(string connectionString)
    {
        var upgrade = DeployChanges.To.PostgresqlDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(typeof(Migrator).Assembly, name => name.StartsWith("Postgres/", StringComparison.Ordinal))
            .JournalToPostgresqlTable("public", "schema_version")
            .WithVariablesDisabled()
            .WithTransaction()
            .LogToNowhere()
            .Build();
        var known = upgrade.GetDiscoveredScripts().Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        if (upgrade.GetExecutedScripts().Find(name => !known.Contains(name)) is { } newer)
            throw new StoreRefusedException($"The database was written by a newer Millrace (schema {newer}).");
        var result = upgrade.PerformUpgrade();
        if (!result.Successful)
            throw new StoreUnavailableException($"The schema could not be brought up to date: {result.Error.Message}", result.Error);
    }

    private static async Task<int> EnsureStoreAsync(NpgsqlConnection connection, int? wanted)
    {
        using var select = new NpgsqlCommand("SELECT partition_count, payload_format FROM store", connection);
        var reader = await select.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (await reader.ReadAsync().ConfigureAwait(false))
            {
                var (count, format) = (reader.GetInt32(0), reader.GetInt32(1));
                if (wanted is { } other && other != count)
                    throw new StoreRefusedException($"The store has {count} partitions, not {other}; the number is fixed when a store is created.");
                if (format > PayloadFormat.Newest)
                    throw new StoreRefusedException($"The store is written in payload format {format}; this version knows up to {PayloadFormat.Newest}.");
                return count;
            }
        }

        var partitions = wanted ?? 64;
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync(connection, $"INSERT INTO store (store_id, partition_count, payload_format) VALUES (gen_random_uuid(), {partitions}, {PayloadFormat.Newest})").ConfigureAwait(false);
            await ExecuteAsync(connection, $"""
                INSERT INTO partition_head (partition, epoch, owner, released, seq, chain)
                SELECT p, 0, '', true, 0, decode(repeat('00', 16), 'hex') FROM generate_series(0, {partitions - 1}) p;
                INSERT INTO checkpoint (partition, epoch, seq, chain, state)
                SELECT p, 0, 0, decode(repeat('00', 16), 'hex'), '' FROM generate_series(0, {partitions - 1}) p
                """).ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
        }

        return partitions;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
