using System.Diagnostics;
using System.Globalization;
using Millrace.Cli.Serve;
using Npgsql;

namespace Millrace.Cli.Children;

/// <summary>A PostgreSQL server of its own: a new cluster in a temporary folder, on a free port of loopback, gone when this object is.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;
    private Child? _process;

    private PostgresServer(string folder, int port, Dictionary<string, string> settings)
    {
        (_folder, Port, _settings) = (folder, port, settings);
        ConnectionString = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = User, Database = "postgres" }.ConnectionString;
    }

    public int Port { get; }

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
        var folder = Directory.CreateTempSubdirectory("millrace-postgres-").FullName;
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

    /// <summary>A hot standby of another server, with a copy of what that has now.</summary>
    /// <param name="primary">Goes on serving meanwhile.</param>
    /// <param name="port">Of the new server.</param>
    public static async Task<PostgresServer> StartStandbyOfAsync(PostgresServer primary, int port, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("millrace-postgres-").FullName;
        var server = new PostgresServer(folder, port, primary._settings);
        try
        {
            await server.OwnFolderAsync(cancellation);
            await RunToEndAsync(
                Command("pg_basebackup", ["-d", $"host=127.0.0.1 port={primary.Port} user={User}", "-D", Path.Combine(folder, "data"), "-R", "-X", "stream", "-c", "fast", "--no-sync"]),
                cancellation);
            await server.RunAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
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
        _process = Child.Start(Command("postgres", arguments));
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

    private static ProcessStartInfo Command(string program, IEnumerable<string> arguments)
    {
        var path = Path.Combine(FindPrograms(), program);
        // The server refuses to run as root.
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", ["--reuid", User, "--regid", User, "--init-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        start.WorkingDirectory = "/";
        return start;
    }

    private static string FindPrograms() => Directory.Exists("/usr/lib/postgresql")
        && Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb"))) is { } found
            ? found
            : throw new InvalidOperationException("PostgreSQL is not installed; on Debian: apt-get install postgresql");

    private async Task OwnFolderAsync(CancellationToken cancellation)
    {
        if (Environment.IsPrivilegedProcess)
            await RunToEndAsync(new ProcessStartInfo("chown", [User, _folder]), cancellation);
    }

    private async Task InitializeAsync(CancellationToken cancellation)
    {
        await OwnFolderAsync(cancellation);
        // Trust: it listens to loopback only, and for as long as this process lives.
        await RunToEndAsync(
            Command("initdb", ["-D", Path.Combine(_folder, "data"), "-U", User, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]),
            cancellation);
    }

    private static async Task RunToEndAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        await using var process = Child.Start(start);
        if (await process.WaitAsync(cancellation) != 0)
            throw new InvalidOperationException($"{start.FileName} failed: {process.Output}");
    }
}
