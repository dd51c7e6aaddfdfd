using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>The settings without which an acknowledged commit can be lost, or an order not be stored. Asked of every new connection that commits: after a
/// failover it is another server.</summary>
internal sealed class ServerSettings(PostgresStoreOptions options)
{
    private const string Select = """
        SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
            current_setting('server_encoding')
        """;

    private volatile bool _isDurable;

    /// <summary>Whether the server that was asked last keeps what it has acknowledged through a loss of power.</summary>
    public bool IsDurable => _isDurable;

    /// <summary>Whether the server can stop waiting for a standby while a connection lasts, unseen: then it is asked after every commit too.</summary>
    public bool MustAskAgain => options.RequireReplica;

    /// <exception cref="StoreRefusedException">A setting is unsafe and the operator has not allowed that, or the database cannot hold every text.</exception>
    public async Task RequireAsync(NpgsqlConnection connection, CancellationToken cancellation = default)
    {
        using var command = new NpgsqlCommand(Select, connection);
        var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            if (reader.GetString(4) != "UTF8")
                throw new StoreRefusedException($"The database has the encoding {reader.GetString(4)}, which cannot hold every text of an order: make one with UTF8 (createdb --encoding UTF8 --template template0).");
            var unsafeOnes = new List<string>();
            if (reader.GetString(0) != "on")
                unsafeOnes.Add("fsync = off");
            if (reader.GetString(1) != "on")
                unsafeOnes.Add("full_page_writes = off");
            if (reader.GetString(2) is not ("on" or "remote_apply"))
                unsafeOnes.Add($"synchronous_commit = {reader.GetString(2)}");
            _isDurable = unsafeOnes.Count == 0;
            if (!_isDurable && !options.AllowUnsafeDurability)
                throw new StoreRefusedException(
                    $"PostgreSQL runs with {string.Join(", ", unsafeOnes)} and can lose acknowledged orders; it needs the explicit flag for unsafe durability.");
            if (options.RequireReplica && reader.GetString(3).Length == 0)
                throw new StoreRefusedException("PostgreSQL has no synchronous_standby_names, and a replica is required: nothing is acknowledged.");
        }
    }
}
