using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Children;

/// <summary>One database node: Patroni and the PostgreSQL server that it starts, promotes, rewinds and stops.</summary>
internal sealed class PatroniNode : IAsyncDisposable
{
    private const string Program = "/usr/bin/patroni";
    private readonly string _folder;
    private readonly int _restPort = FreePort.Find();
    private Child? _patroni;

    /// <param name="folder">Of the cluster; the server's user may write to it.</param>
    /// <param name="name">Among the cluster's members.</param>
    /// <param name="etcd">Address and port of the store that says who leads.</param>
    public PatroniNode(string folder, string name, string etcd)
    {
        if (!File.Exists(Program))
            throw new InvalidOperationException("Patroni is not installed; on Debian: apt-get install patroni");
        (_folder, Name) = (folder, name);
        // JSON is YAML.
        File.WriteAllText(Path.Combine(folder, $"{name}.yml"), Configuration(etcd).ToJsonString());
    }

    public string Name { get; }

    /// <summary>Of PostgreSQL.</summary>
    public int Port { get; } = FreePort.Find();

    /// <summary>The end of what it has said in its present life.</summary>
    public string Output => _patroni?.Output ?? "";

    private string Data => Path.Combine(_folder, Name);

    /// <summary>Starts it over what is on its disk, and waits for nothing.</summary>
    // A Patroni that is killed leaves its server running, one that is asked to end stops it.
    public void Start() => _patroni = Child.Start(PostgresPrograms.AsUser(Program, [Path.Combine(_folder, $"{Name}.yml")]), atDeath: "TERM");

    /// <summary>A machine's death: SIGKILL to Patroni, the server and all its sessions.</summary>
    public async Task KillAsync()
    {
        // Patroni first: it must not see the other die. Its end is waited for until nobody holds the pipe any more that the server shares with it.
        var ended = _patroni!.DisposeAsync();
        KillPostgres();
        await ended;
    }

    /// <summary>SIGKILL to the server and all its sessions; Patroni lives and sees it.</summary>
    public void KillPostgres()
    {
        if (FindPostmaster() is not { } postmaster)
            return;
        using (postmaster)
            postmaster.Kill(entireProcessTree: true);
    }

    /// <summary>What it knows of all members; null while it does not answer.</summary>
    public async Task<JsonElement?> ReadClusterAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<JsonElement>(
                await http.GetStreamAsync(new Uri($"http://127.0.0.1:{_restPort}/cluster"), cancellation), cancellationToken: cancellation);
        }
        catch (Exception silent) when (IsSilence(silent, cancellation))
        {
            return null;
        }
    }

    /// <summary>Whether its server is up; it says so itself, where what the others have of it may be of its last life.</summary>
    public async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_restPort}/health"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception silent) when (IsSilence(silent, cancellation))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_patroni is not null)
            await KillAsync();
    }

    private static bool IsSilence(Exception failure, CancellationToken cancellation) =>
        failure is HttpRequestException or SocketException or IOException or TaskCanceledException && !cancellation.IsCancellationRequested;

    // It is no child of Patroni's, so that it outlives it: its pid file tells, and its command line that the number is not another's by now.
    private Process? FindPostmaster()
    {
        try
        {
            var id = int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            return File.ReadAllText($"/proc/{id}/cmdline").Contains(Data, StringComparison.Ordinal) ? Process.GetProcessById(id) : null;
        }
        catch (Exception gone) when (gone is IOException or ArgumentException)
        {
            return null;
        }
    }

    private JsonObject Configuration(string etcd) => new()
    {
        ["scope"] = "millrace",
        ["name"] = Name,
        ["restapi"] = new JsonObject { ["listen"] = $"127.0.0.1:{_restPort}", ["connect_address"] = $"127.0.0.1:{_restPort}" },
        ["etcd3"] = new JsonObject { ["hosts"] = new JsonArray(etcd) },
        ["bootstrap"] = new JsonObject
        {
            ["dcs"] = new JsonObject
            {
                // The least that Patroni documents: https://patroni.readthedocs.io/en/latest/dynamic_configuration.html
                ["ttl"] = 20,
                ["loop_wait"] = 1,
                ["retry_timeout"] = 3,
                ["maximum_lag_on_failover"] = 1 << 20,
                // A server that dies under a living Patroni is not started again where it was: its standby has everything.
                ["master_start_timeout"] = 0,
                ["synchronous_mode"] = true,
                ["synchronous_mode_strict"] = true,
                ["postgresql"] = new JsonObject
                {
                    ["use_pg_rewind"] = true,
                    ["use_slots"] = true,
                    ["remove_data_directory_on_rewind_failure"] = true,
                    ["remove_data_directory_on_diverged_timelines"] = true,
                    ["parameters"] = new JsonObject
                    {
                        ["max_connections"] = 200,
                        ["wal_keep_size"] = "128MB",
                        // A standby that follows a new primary asks for it this often; until one does, nothing is acknowledged.
                        ["wal_retrieve_retry_interval"] = "500ms",
                    },
                },
            },
            ["initdb"] = new JsonArray(new JsonObject { ["auth"] = "trust" }, new JsonObject { ["encoding"] = "UTF8" }, new JsonObject { ["locale"] = "C.UTF-8" }, "data-checksums", "no-sync"),
        },
        ["postgresql"] = new JsonObject
        {
            ["listen"] = $"127.0.0.1:{Port}",
            ["connect_address"] = $"127.0.0.1:{Port}",
            ["bin_dir"] = PostgresPrograms.Folder,
            ["data_dir"] = Data,
            ["pgpass"] = Path.Combine(_folder, $"{Name}.pgpass"),
            ["basebackup"] = new JsonArray(new JsonObject { ["checkpoint"] = "fast" }, "no-sync"),
            // Trust: it listens to loopback only, and for as long as this process lives.
            ["pg_hba"] = new JsonArray("local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"),
            ["authentication"] = new JsonObject
            {
                ["superuser"] = new JsonObject { ["username"] = PostgresPrograms.User },
                ["replication"] = new JsonObject { ["username"] = PostgresPrograms.User },
            },
            ["parameters"] = new JsonObject { ["unix_socket_directories"] = _folder },
        },
    };
}
