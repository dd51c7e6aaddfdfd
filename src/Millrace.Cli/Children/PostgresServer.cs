using System.Diagnostics;
using System.Globalization;
using Millrace.Cli.Serve;
using Npgsql;

namespace Millrace.Cli.Children;

/// <summary>A PostgreSQL server of its own: a new cluster in a temporary folder, on a free port of loopback, gone when this object is.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;
    private Child? _process;

    private PostgresServer(string folder, int port, Dictionary<string, string> settings)
    {
        (_folder, Port, _settings) = (folder, port, settings);
        ConnectionString = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = PostgresPrograms.User, Database = "postgres" }.ConnectionString;
    }

    public int Port { get; }

    /// <summary>Its data directory; settings may name files relative to it.</summary>
    public string DataDirectory => Path.Combine(_folder, "data");

    /// <summary>To the database <c>postgres</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>User and system time of the server and all its sessions so far.</summary>
    public TimeSpan CpuTime => ProcessTree.CpuTime(_process!.Id);

    /// <summary>Of everything in its folder, with the write-ahead log.</summary>
    public long DiskBytes() => new DirectoryInfo(_folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <param name="settings">Beyond the server's defaults, as in <c>postgresql.conf</c>.</param>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says why.</exception>
    public static async Task<PostgresServer> StartAsync(IReadOnlyDictionary<string, string>? settings = null, CancellationToken cancellation = default)
    {
        var folder = await PostgresPrograms.NewFolderAsync(cancellation);
        var server = new PostgresServer(folder, FreePort.Find(), new Dictionary<string, string>(settings ?? new Dictionary<string, string>(), StringComparer.Ordinal));
        try
        {
            await server.InitializeAsync(cancellation);
            await server.RunAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A base backup of another server that goes on serving, in the folder of a server that does not run yet: see <see cref="RecoverAsync"/>.</summary>
    public static async Task<PostgresServer> BaseBackupOfAsync(PostgresServer primary, CancellationToken cancellation)
    {
        var server = new PostgresServer(await PostgresPrograms.NewFolderAsync(cancellation), FreePort.Find(), []);
        try
        {
            await PostgresPrograms.RunToEndAsync(
                PostgresPrograms.Command("pg_basebackup", ["-d", $"host=127.0.0.1 port={primary.Port} user={PostgresPrograms.User}", "-D", Path.Combine(server._folder, "data"), "-X", "stream", "-c", "fast", "--no-sync"]),
                cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a base backup and replays another server's archive up to a moment; returns when it takes writes.</summary>
    /// <param name="archive">Where that server's <c>archive_command</c> puts its log.</param>
    /// <param name="until">As in <c>recovery_target_time</c>.</param>
    public async Task RecoverAsync(string archive, string until, CancellationToken cancellation)
    {
        await SignalAsync("recovery.signal", cancellation);
        _settings["restore_command"] = $"cp {archive}/%f %p";
        _settings["recovery_target_time"] = until;
        _settings["recovery_target_action"] = "promote";
        await RunAsync(cancellation);
        for (var waited = Stopwatch.StartNew(); await ExecuteAsync("SELECT pg_is_in_recovery()", cancellation) is true; await Task.Delay(50, cancellation))
        {
            if (_process!.HasExited || waited.Elapsed > Patience)
                throw new InvalidOperationException($"PostgreSQL did not recover: {_process.Output}");
        }
    }

    /// <summary>Starts a base backup as a standby of the server that it is of; returns when it can be read.</summary>
    public async Task FollowAsync(PostgresServer primary, CancellationToken cancellation)
    {
        await SignalAsync("standby.signal", cancellation);
        _settings["primary_conninfo"] = $"host=127.0.0.1 port={primary.Port} user={PostgresPrograms.User}";
        await RunAsync(cancellation);
    }

    /// <summary>Runs one statement as the superuser, and reads its one value.</summary>
    public async Task<object?> ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>A new, empty database on it.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellation = default)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var create = source.CreateCommand($"CREATE DATABASE \"{name}\"");
        await create.ExecuteNonQueryAsync(cancellation);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>SIGKILL to the server and, so, the end of all its sessions.</summary>
    public async Task KillAsync()
    {
        await _process!.DisposeAsync();
        _process = null;
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>, over what is on its disk.</summary>
    public async Task RunAsync(CancellationToken cancellation = default)
    {
        var arguments = new List<string>
        {
            "-D", Path.Combine(_folder, "data"), "-p", Port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_folder}",
        };
        foreach (var (name, value) in _settings)
            arguments.AddRange(["-c", $"{name}={value}"]);
        _process = Child.Start(PostgresPrograms.Command("postgres", arguments));
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50, cancellation))
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellation);
                return;
            }
            catch (NpgsqlException) when (!_process.HasExited && waited.Elapsed < Patience)
            {
                // Not yet.
            }
            catch (NpgsqlException failure)
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {_process.Output}", failure);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task SignalAsync(string name, CancellationToken cancellation)
    {
        var signal = Path.Combine(DataDirectory, name);
        await File.WriteAllTextAsync(signal, "", cancellation);
        if (Environment.IsPrivilegedProcess)
            await PostgresPrograms.RunToEndAsync(new ProcessStartInfo("chown", [PostgresPrograms.User, signal]), cancellation);
    }

    private async Task InitializeAsync(CancellationToken cancellation)
    {
        // Trust: it listens to loopback only, and for as long as this process lives.
        await PostgresPrograms.RunToEndAsync(
            PostgresPrograms.Command("initdb", ["-D", Path.Combine(_folder, "data"), "-U", PostgresPrograms.User, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]),
            cancellation);
    }
}
