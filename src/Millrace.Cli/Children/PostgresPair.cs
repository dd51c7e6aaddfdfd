using Npgsql;

namespace Millrace.Cli.Children;

/// <summary>A primary and its synchronous standby, and a hand that does what a failover manager does: promotes the one when the other is dead, and
/// makes a new standby.</summary>
internal sealed class PostgresPair : IAsyncDisposable
{
    private PostgresServer _primary;
    private PostgresServer? _standby;

    private PostgresPair(PostgresServer primary, int otherPort, string database)
    {
        (_primary, Database) = (primary, database);
        ConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = $"127.0.0.1:{primary.Port},127.0.0.1:{otherPort}", Username = "postgres", Database = database, Timeout = 3,
        }.ConnectionString;
    }

    public string Database { get; }

    /// <summary>Names both; whoever connects looks for the primary.</summary>
    public string ConnectionString { get; }

    public static async Task<PostgresPair> StartAsync(string database, CancellationToken cancellation)
    {
        var otherPort = Serve.FreePort.Find();
        var pair = new PostgresPair(await PostgresServer.StartAsync(null, cancellation), otherPort, database);
        try
        {
            await pair._primary.CreateDatabaseAsync(database, cancellation);
            await pair.AddStandbyAsync(otherPort, cancellation);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL to the primary; the standby takes its place, alone.</summary>
    /// <returns>The port that is free now.</returns>
    public async Task<int> FailOverAsync(CancellationToken cancellation)
    {
        var dead = _primary;
        await dead.KillAsync();
        _primary = _standby!;
        _standby = null;
        await _primary.ExecuteAsync("SELECT pg_promote(true, 60)", cancellation);
        // It waits for nobody until there is somebody to wait for.
        await _primary.ExecuteAsync("ALTER SYSTEM RESET synchronous_standby_names", cancellation);
        await _primary.ExecuteAsync("SELECT pg_reload_conf()", cancellation);
        await dead.DisposeAsync();
        return dead.Port;
    }

    /// <summary>SIGKILL to the standby: the primary waits for it, until this gives it a new one.</summary>
    public async Task<int> KillStandbyAsync()
    {
        var dead = _standby!;
        _standby = null;
        await dead.KillAsync();
        await dead.DisposeAsync();
        return dead.Port;
    }

    /// <summary>Until it has all that the primary has, and the primary waits for it.</summary>
    public async Task AddStandbyAsync(int port, CancellationToken cancellation)
    {
        _standby = await PostgresServer.StartStandbyOfAsync(_primary, port, cancellation);
        await _primary.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = '*'", cancellation);
        await _primary.ExecuteAsync("SELECT pg_reload_conf()", cancellation);
        while (await _primary.ExecuteAsync("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'", cancellation) is not > 0L)
            await Task.Delay(50, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_standby is not null)
            await _standby.DisposeAsync();
        await _primary.DisposeAsync();
    }
}
