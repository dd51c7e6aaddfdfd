using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Millrace.Api;
using Millrace.Cli.Auditing;
using Millrace.Cli.Client;
using Millrace.Cli.Psp;
using Millrace.Cli.Stores;
using Millrace.Engine.Journal;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Cli.Serve;

/// <summary><c>millrace serve</c>: one node until SIGTERM or Ctrl-C, then flushed and released.</summary>
internal static class ServeCommand
{
    private const string RedisVariable = "MILLRACE_REDIS";
    private const string WebhookSecretVariable = "MILLRACE_PSP_WEBHOOK_SECRET";
    private const string ReplicaVariable = "MILLRACE_POSTGRES_REPLICA";

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Data folder; made when missing. Not needed with --postgres." };
        var backups = new Option<string?>("--backups") { Description = "Folder where 'millrace backup' puts backups of the data folder; must exist, outside of it." };
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of the database that holds orders and stock; also {ShardOption.HomeVariable}. Default: SQLite in the data folder." };
        var listReplica = new Option<string?>("--postgres-replica") { Description = $"Connection string of a standby of that database, for lists; also {ReplicaVariable}." };
        var (shardOption, archiveOption) = (new ShardOption(), new ArchiveOption());
        var nodeName = new Option<string?>("--node-name") { Description = "The node's name in the cluster. Default: the machine's." };
        var clusterOptions = new ClusterPlaceOptions();
        var replica = new Option<bool>("--require-replica") { Description = "Acknowledge nothing unless PostgreSQL waits for a synchronous standby." };
        var listeningOptions = new ListeningOptions();
        var partitions = new Option<int?>("--partitions") { Description = "Partitions of a new store, 1 to 4096; fixed for its life. Default 64." };
        var psp = new Option<string>("--psp") { Description = "Base URL of the PSP, or 'instant': in-process, approves everything, moves no money [its key: env MILLRACE_PSP_KEY]", DefaultValueFactory = _ => "instant" };
        var reconcileAfter = DurationOption.Create(
            "--reconcile-after", "How long an order and the PSP's record may differ before both are looked at, as HH:MM:SS; an hour at most", ReconciliationOptions.DefaultGrace);
        var limits = new LimitOptions();
        var maxBacklogAge = DurationOption.Create(
            "--max-backlog-age", "New orders are refused while the oldest that should have moved is older than this, as [D.]HH:MM:SS", ApiOptions.DefaultMaxBacklogAge);
        var auditRate = new Option<int>("--audit-rate")
        {
            Description = $"Rows a second that are checked while they are served, 0 to {Auditor.MostRowsPerSecond}; 0 for none.", DefaultValueFactory = _ => Auditor.DefaultRowsPerSecond,
        };
        var tokens = new TokenIssuerOptions();
        var redis = new Option<string?>("--redis") { Description = $"HOST:PORT of Redis, through which nodes share rate limits and caches; with a password in {RedisVariable} instead." };
        var cdn = new CdnSettings();
        var webhooks = new WebhookSwitches();
        var prometheus = new Option<string?>("--prometheus-url") { Description = "Base URL of the Prometheus that evaluates deploy/prometheus: the console and /v1/alerts show what it says is wrong." };
        var orleansDashboard = new Option<bool>("--orleans-dashboard") { Description = "Serve the dashboard of Orleans at /orleans, to operators who are signed in to the console; it measures each call between nodes." };
        var noop = new Option<bool>("--bench-noop") { Description = "Serve POST /v1/_noop, the benchmark's yardstick, and let an operator's key switch off all that is measured: not for production." };
        var command = new Command("serve", "Serve the API from a data folder.") { data, backups, postgres, listReplica, nodeName, replica, partitions, psp, reconcileAfter, maxBacklogAge, auditRate, redis, prometheus, orleansDashboard, noop };
        listeningOptions.AddTo(command);
        clusterOptions.AddTo(command);
        shardOption.AddTo(command);
        archiveOption.AddTo(command);
        tokens.AddTo(command);
        limits.AddTo(command);
        cdn.AddTo(command);
        webhooks.AddTo(command);
        command.SetGuardedAction(async (parsed, cancellation) =>
        {
            Uri? pspUrl = null;
            var pspText = parsed.GetValue(psp)!;
            if (pspText != "instant" && (!Uri.TryCreate(pspText, UriKind.Absolute, out pspUrl) || pspUrl.Scheme is not ("http" or "https")))
                return Fail($"--psp '{pspText}' is neither 'instant' nor an http URL.", 2);
            var secret = Secret.Read(WebhookSecretVariable);
            if (secret is { Length: < PspWebhookVerifier.MinimumSecretLength })
                return Fail($"{WebhookSecretVariable} has fewer than {PspWebhookVerifier.MinimumSecretLength} characters.", 2);
            var listening = listeningOptions.Read(parsed);
            var cluster = clusterOptions.Read(parsed);
            var database = Secret.Read(parsed, postgres, ShardOption.HomeVariable);
            if (database is null && parsed.GetValue(data) is null)
                return Fail("--data names the folder, or --postgres the database, that holds orders and stock.", 2);
            if (cluster is not null && database is null)
                return Fail("--cluster needs --postgres: a data folder belongs to one node.", 2);
            if (database is not null && parsed.GetValue(backups) is not null)
                return Fail("--backups is for a data folder; PostgreSQL is backed up with its own tools: docs/backup.md.", 2);
            var shards = shardOption.Read(parsed);
            if (shards.Count > 0 && database is null)
                return Fail("--shard needs --postgres, the store's home.", 2);
            var standby = Secret.Read(parsed, listReplica, ReplicaVariable);
            if (standby is not null && (database is null || shards.Count > 0))
                return Fail($"{listReplica.Name} is for a store in one PostgreSQL database: lists over several are read there.", 2);
            var archive = archiveOption.Read(parsed);
            if (archive is not null && database is null)
                return Fail("--archive needs --postgres: what is in a data folder is not archived.", 2);
            if (pspUrl is null)
                await Console.Error.WriteLineAsync("Payments are simulated in this process: every authorization succeeds, no money moves. Set --psp URL for a real one.");
            return await RunAsync(new NodeOptions
            {
                DataDirectory = parsed.GetValue(data),
                Backups = parsed.GetValue(backups),
                Postgres = database,
                PostgresReplica = standby,
                Shards = shards,
                Archive = archive,
                NodeName = parsed.GetValue(nodeName),
                Cluster = cluster,
                RequireReplica = parsed.GetValue(replica),
                Url = listening.Urls,
                ManagementUrl = listening.Management,
                Tls = listening.Tls,
                IsTlsInFront = listening.IsTlsInFront,
                Partitions = parsed.GetValue(partitions),
                Psp = pspUrl,
                PspKey = PspKey.Read(),
                PspWebhookSecret = secret,
                ReconcileAfter = parsed.GetValue(reconcileAfter) is var grace && grace >= TimeSpan.FromSeconds(1) && grace <= TimeSpan.FromHours(1) ? grace : throw new UsageException($"{reconcileAfter.Name} is 00:00:01 to 01:00:00."),
                HasOrleansDashboard = parsed.GetValue(orleansDashboard),
                HasNoopEndpoint = parsed.GetValue(noop),
                Tokens = tokens.Read(parsed),
                Limits = limits.Read(parsed),
                MaxBacklogAge = parsed.GetValue(maxBacklogAge) is var age && age > TimeSpan.Zero ? age : throw new UsageException($"{maxBacklogAge.Name} is longer than nothing."),
                AuditRate = parsed.GetValue(auditRate) is var rows and >= 0 and <= Auditor.MostRowsPerSecond ? rows : throw new UsageException($"{auditRate.Name} is 0 to {Auditor.MostRowsPerSecond}."),
                Cdn = cdn.Read(parsed),
                Prometheus = parsed.GetValue(prometheus) is { } monitor ? HttpUrl.Parse(prometheus.Name, monitor) : null,
                Webhooks = webhooks.Read(parsed),
                Redis = Secret.Read(parsed, redis, RedisVariable),
            }, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(NodeOptions options, CancellationToken cancellation)
    {
        try
        {
            await using var app = Node.Build(options);
            await Node.StartAsync(app, cancellation);
            await Console.Error.WriteLineAsync($"millrace serves {string.Join(' ', app.Urls)} from {(options.Postgres is null ? Path.GetFullPath(options.DataDirectory!) : "PostgreSQL")}");
            await app.WaitForShutdownAsync(cancellation);
            // A node that stopped by itself has said so; one that a part of it ended by a defect must not seem to have ended well.
            return Node.HasFailed(app.Services.GetServices<IHostedService>()) ? 1 : Environment.ExitCode;
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or BackupFailedException)
        {
            return Fail(refused.Message, 1);
        }
        catch (Exception failure) when (failure is IOException { InnerException: AddressInUseException } or SocketException)
        {
            // Taken, forbidden, or of no interface of this machine.
            return Fail(failure.Message, 1);
        }
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine($"millrace: {message}");
        return code;
    }
}
