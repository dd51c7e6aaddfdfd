using DbUp;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres.Shards;
using Npgsql;

namespace Millrace.Storage.Postgres.Migrations;

/// <summary>Brings the schema up to date with the numbered scripts beside this file, which are only ever added (see <see cref="SchemaScripts"/>), and makes the store's rows.</summary>
internal static class Migrator
{
    // Any number that nobody else uses: nodes that start at once take turns.
    private const long LockKey = 0x4D696C6C72616365;

    /// <param name="connection">Takes turns with others that open the database.</param>
    /// <param name="options">Of the database.</param>
    /// <param name="shard">What the database must be, or become; null for a store's home.</param>
    public static async Task<StoreIdentity> EnsureAsync(NpgsqlConnection connection, PostgresStoreOptions options, StoreIdentity? shard)
    {
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})").ConfigureAwait(false);
        try
        {
            // A mistyped name of a database must not become a store, and an empty one must not look sound.
            if (!options.MayMake && !await IsStoreAsync(connection).ConfigureAwait(false))
                throw new StoreRefusedException($"There is no store in the database '{connection.Database}'.");
            Upgrade(Connections.ForMigration(options.ConnectionString));
            try
            {
                await TimePartitions.EnsureAsync(connection).ConfigureAwait(false);
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // A backup reads the tables. The chore makes those of the days to come later; there are some ahead, and a default table behind them.
            }

            return await EnsureStoreAsync(connection, options.PartitionCount, shard).ConfigureAwait(false);
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
        if (SchemaScripts.FindNewer(upgrade.GetExecutedScripts(), upgrade.GetDiscoveredScripts().Select(script => script.Name)) is { } newer)
            throw new StoreRefusedException($"The database was written by a newer Millrace (schema {newer}).");
        var result = upgrade.PerformUpgrade();
        if (!result.Successful)
            throw new StoreUnavailableException($"The schema could not be brought up to date: {result.Error.Message}", result.Error);
    }

    private static async Task<StoreIdentity> EnsureStoreAsync(NpgsqlConnection connection, int? wanted, StoreIdentity? shard)
    {
        if (await ReadAsync(connection).ConfigureAwait(false) is not { } found)
        {
            var made = shard ?? new StoreIdentity(Guid.NewGuid(), wanted ?? 64, PayloadFormat.Newest, StoreIdentity.Home, Guid.Empty);
            await MakeAsync(connection, made).ConfigureAwait(false);
            return (await ReadAsync(connection).ConfigureAwait(false))! with { IsNew = true };
        }

        if (shard is null && found.Shard != StoreIdentity.Home)
            throw new StoreRefusedException($"The database is the shard '{found.Shard}' of a store: --postgres names the store's home.");
        if (shard is not null && (found.StoreId, found.Shard) != (shard.StoreId, shard.Shard))
            throw new StoreRefusedException(found.StoreId == shard.StoreId
                ? $"The database given as shard '{shard.Shard}' is the store's shard '{found.Shard}'."
                : $"The database given as shard '{shard.Shard}' belongs to another store.");
        if ((shard?.Partitions ?? wanted) is { } other && other != found.Partitions)
            throw new StoreRefusedException($"The store has {found.Partitions} partitions, not {other}; the number is fixed when a store is created.");
        if (found.Format > PayloadFormat.Newest)
            throw new StoreRefusedException($"The store is written in payload format {found.Format}; this version knows up to {PayloadFormat.Newest}.");
        if (shard is not null && shard.Format > found.Format)
            await ExecuteAsync(connection, $"UPDATE store SET payload_format = {shard.Format} WHERE payload_format < {shard.Format}").ConfigureAwait(false);
        return found;
    }

    // Another program's table may be called store too.
    private static async Task<bool> IsStoreAsync(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("SELECT to_regclass('store') IS NOT NULL AND to_regclass('partition_head') IS NOT NULL", connection);
        if (!(bool)(await select.ExecuteScalarAsync().ConfigureAwait(false))!)
            return false;
        // Of any version.
        using var rows = new NpgsqlCommand("SELECT EXISTS (SELECT FROM store)", connection);
        return (bool)(await rows.ExecuteScalarAsync().ConfigureAwait(false))!;
    }

    private static async Task<StoreIdentity?> ReadAsync(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("SELECT store_id, partition_count, payload_format, shard, database_id FROM store", connection);
        var reader = await select.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return await reader.ReadAsync().ConfigureAwait(false)
                ? new StoreIdentity(reader.GetGuid(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetString(3), reader.GetGuid(4))
                : null;
        }
    }

    private static async Task MakeAsync(NpgsqlConnection connection, StoreIdentity made)
    {
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            using (var insert = new NpgsqlCommand("INSERT INTO store (store_id, partition_count, payload_format, shard) VALUES ($1, $2, $3, $4)", connection))
            {
                insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = made.StoreId });
                insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = made.Partitions });
                insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = made.Format });
                insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = made.Shard });
                await insert.ExecuteNonQueryAsync().ConfigureAwait(false);
            }

            var last = made.Partitions - 1;
            // Partitions begin at home.
            if (made.Shard == StoreIdentity.Home)
                await ExecuteAsync(connection, $"""
                    INSERT INTO partition_head (partition, epoch, owner, released, seq, chain)
                    SELECT p, 0, '', true, 0, decode(repeat('00', 16), 'hex') FROM generate_series(0, {last}) p
                    """).ConfigureAwait(false);
            await ExecuteAsync(connection, $"""
                INSERT INTO checkpoint (partition, epoch, seq, chain, state)
                SELECT p, 0, 0, decode(repeat('00', 16), 'hex'), '' FROM generate_series(0, {last}) p
                """).ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
