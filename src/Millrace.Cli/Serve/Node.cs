using Microsoft.Extensions.Hosting.Systemd;
using Millrace.Api;
using Millrace.Api.Admission;
using Millrace.Api.Auditing;
using Millrace.Api.Caching;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Read;
using Millrace.Cli.Auditing;
using Millrace.Cluster;
using Millrace.Cluster.Administration;
using Millrace.Cluster.Orleans;
using Millrace.Cluster.Payments;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;
using Millrace.Feed;
using Millrace.Gateways;
using Millrace.Gateways.Psp;
using Millrace.OperatorConsole;
using Millrace.Reconciliation;
using Millrace.Reconciliation.Breaks;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.Postgres.Shards;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Telemetry;
using Orleans.Dashboard;

namespace Millrace.Cli.Serve;

/// <summary>The composition root of one node: store, gateway, partitions, edge. Reads as a table of contents.</summary>
public static partial class Node
{
    /// <exception cref="StoreRefusedException">The data folder cannot be served.</exception>
    public static WebApplication Build(NodeOptions options)
    {
        // By default settings are read from the folder that the process is started in, and everything below it is watched for changes of them: of '/', where systemd starts it, all of the machine.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        // Not the application itself: what still arrives at its end is logged after its container is gone.
        var started = CancellationToken.None;
        ConfigureLogging(builder, hasStarted: () => started.IsCancellationRequested);
        ConfigureServer(builder, options);
        AddStore(builder.Services, options);
        AddPayments(builder.Services, options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<AuditLog>().AddSingleton<ApiKeyStore>();
        AddCluster(builder.Host, options);
        if (options.HasOrleansDashboard)
            AddOrleansDashboard(builder.Host);
        builder.Services.AddMillraceApi(new ApiOptions
        {
            NodeName = options.Name,
            ManagementUrl = options.ManagementUrl,
            Tls = options.Tls,
            IsTlsInFront = options.IsTlsInFront,
            HasNoopEndpoint = options.HasNoopEndpoint,
            Tokens = options.Tokens,
            Limits = options.Limits,
            MaxBacklogAge = options.MaxBacklogAge,
            Redis = options.Redis,
            Cdn = options.Cdn,
            Prometheus = options.Prometheus,
            Webhooks = options.Webhooks,
            UnsafeSettings = [.. NodeMetrics.UnsafeSettingsOf(options).Where(setting => setting.IsInUse).Select(setting => setting.Name)],
        });
        builder.Services.AddMillraceConsole(new ConsoleOptions
        {
            SessionSecret = services => services.GetRequiredService<StoreSecret>().KeyFor("console", 64),
            IsTlsInFront = options.IsTlsInFront,
            Demo = options.Demo,
            HasOrleansDashboard = options.HasOrleansDashboard,
        });
        AddAuditor(builder.Services, options);
        builder.Services.AddSingleton<NodeMetrics>();
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>().AddHostedService<ServiceManager>();
        var app = builder.Build();
        started = app.Lifetime.ApplicationStarted;
        app.Services.GetRequiredService<NodeMetrics>().Watch(options);
        app.MapMillraceApi();
        app.MapMillraceConsole();
        if (options.HasOrleansDashboard)
            app.MapOrleansDashboard(ConsoleOptions.OrleansDashboard).RequireOperator();
        return app;
    }

    /// <summary>Starts the node; where that fails, what was started of it is stopped in its order before it is thrown away.</summary>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(app);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch
        {
            try
            {
                await app.StopAsync(CancellationToken.None);
            }
            catch (Exception unstopped)
            {
                // Orleans, for one, refuses to stop what had not begun to run. Why it did not is what is told.
                LogUnstopped(app.Logger, unstopped);
            }

            throw;
        }
    }

    /// <summary>Whether one of these ended by an exception, which ends the node with it.</summary>
    public static bool HasFailed(IEnumerable<IHostedService> services) => services.OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsFaulted: true });

    [LoggerMessage(1, LogLevel.Debug, "What was started of the node could not be stopped in its order.")]
    private static partial void LogUnstopped(ILogger logger, Exception unstopped);

    private static void ConfigureLogging(WebApplicationBuilder builder, Func<bool> hasStarted)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        // Data goes to standard output, everything else to standard error.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", level => level >= LogLevel.Information && hasStarted());
        // What both say of a failed start is stack traces; whoever starts the node says it in a line.
        builder.Logging.AddFilter("Orleans", level => level >= LogLevel.Error && hasStarted());
        // Its every retry, which is part of Orleans' own failure handling.
        builder.Logging.AddFilter("Polly", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && hasStarted());
    }

    private static void ConfigureServer(WebApplicationBuilder builder, NodeOptions options)
    {
        builder.WebHost.UseUrls(options.Url);
        builder.WebHost.UseKestrelHttpsConfiguration();
    }

    private static void AddStore(IServiceCollection services, NodeOptions options)
    {
        // Opened here and not on first use: a store that cannot be served must stop the start, with its one clear line.
        if (options.Postgres is { } connectionString)
        {
            var home = new PostgresStoreOptions
            {
                ConnectionString = connectionString,
                PartitionCount = options.Partitions,
                RequireReplica = options.RequireReplica,
                Archive = options.Archive,
            };
            var postgres = ShardedStore.OpenAsync(new ShardedStoreOptions { Home = home, Shards = options.Shards }).GetAwaiter().GetResult();
            RequireArchive(postgres);
            foreach (var name in postgres.Unreached)
                Console.Error.WriteLine($"millrace: shard '{name}' cannot be reached; its partitions are served once it can be.");
            AddStore(services, postgres);
            if (options.PostgresReplica is { } replica)
            {
                services.AddSingleton(_ => postgres.OpenReplica(replica));
                services.AddSingleton<ReplicaReader>(s => s.GetRequiredService<ListReplica>().ListOrdersAsync);
            }

            services.AddHostedService<PostgresChores>();
            services.AddSingleton(postgres.Administration).AddSingleton(postgres.Records);
            services.AddSingleton(new ClusterSettings(postgres.RaiseFormatAsync));
            return;
        }

        // First: it refuses a folder of something else, in which nothing may be left.
        var store = SqliteStore.Open(new SqliteStoreOptions
        {
            DataDirectory = options.DataDirectory!,
            PartitionCount = options.Partitions,
        });
        var administration = SqliteAdministration.Open(options.DataDirectory!);
        services.AddSingleton(_ => administration).AddSingleton<IAdministration>(s => s.GetRequiredService<SqliteAdministration>())
            .AddSingleton<IRecords>(s => s.GetRequiredService<SqliteAdministration>());
        if (options.Backups is { } backups)
            services.AddSingleton(Backups.Starter(options.DataDirectory!, backups));
        AddStore(services, store);
    }

    // A node that cannot read what it has would answer for every list that it is away.
    private static void RequireArchive(ShardedStore store)
    {
        try
        {
            store.RequireArchiveAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        catch
        {
            store.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    // By a factory, so that the container closes it.
    private static void AddStore<T>(IServiceCollection services, T store)
        where T : class, IJournal, IJournalFeed, IReadModel, IStockPages
    {
        services.AddSingleton(_ => store);
        services.AddSingleton<IJournal>(s => s.GetRequiredService<T>());
        services.AddSingleton<IJournalFeed>(s => s.GetRequiredService<T>());
        services.AddSingleton<IReadModel>(s => s.GetRequiredService<T>());
        services.AddSingleton<IStockPages>(s => s.GetRequiredService<T>());
    }

    private static void AddCluster(IHostBuilder host, NodeOptions options)
    {
        var name = options.Name;
        var runtime = new PartitionRuntimeOptions { Owner = $"{name}:{Environment.ProcessId}" };
        if (options.Cluster is { } cluster)
        {
            host.UseCluster(runtime, new ClusterNodeOptions
            {
                NodeName = name,
                ConnectionString = PostgresStore.MembershipConnectionString(options.Postgres!),
                Endpoint = cluster.Endpoint,
                ListeningEndpoint = cluster.ListeningEndpoint,
                Tls = cluster.Tls,
            });
        }
        else
        {
            host.UseSingleNode(runtime, name, FreePort.FindOwn());
        }
    }

    // Without its stream of the log, which operators have elsewhere.
    private static void AddOrleansDashboard(IHostBuilder host) => host.UseOrleans(silo => silo.AddDashboard(dashboard => dashboard.HideTrace = true));

    private static void AddAuditor(IServiceCollection services, NodeOptions options)
    {
        services.AddSingleton<AuditorMetrics>().AddSingleton(s =>
        {
            var runtime = s.GetRequiredService<PartitionRuntime>();
            var node = new AuditedNode(
                s.GetRequiredService<IReadModel>(), s.GetRequiredService<IStockPages>(), runtime.Map.Count, runtime.IsHere, s.GetRequiredService<RefusedRequests>());
            var auditor = new Auditor(options.AuditRate, node, s.GetRequiredService<AuditorMetrics>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<Auditor>>());
            runtime.OrderChanged += auditor.Changed;
            return auditor;
        });
        services.AddHostedService(s => s.GetRequiredService<Auditor>());
        services.AddSingleton<AuditorReader>(s => s.GetRequiredService<Auditor>().Read);
    }

    private static void AddPayments(IServiceCollection services, NodeOptions options)
    {
        if (options.Psp is not { } psp)
        {
            services.AddSingleton<InstantPaymentGateway>().AddSingleton<IPaymentGateway>(s => Pausable(s, s.GetRequiredService<InstantPaymentGateway>()));
        }
        else
        {
            services.AddSingleton(s => new HttpPaymentGateway(
                new HttpPaymentGatewayOptions { BaseAddress = psp, Key = options.PspKey },
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<HttpPaymentGateway>>(),
                s.GetRequiredService<PspMetrics>(),
                s.GetRequiredService<OrderTraces>()));
            services.AddSingleton<IPaymentGateway>(s => Pausable(s, s.GetRequiredService<HttpPaymentGateway>()));
            services.AddSingleton<PspMetrics>();
            AddReconciliation(services, psp, options);
        }

        // Before the cluster: the first payments of a node that starts are those of its recovery.
        services.AddSingleton<PauseMetrics>().AddHostedService<PausedProvidersReader>();

        services.AddSingleton(s => PspWebhooks.Parser(options.PspWebhookSecret, s.GetRequiredService<TimeProvider>()));
    }

    private static void AddReconciliation(IServiceCollection services, Uri psp, NodeOptions options)
    {
        services.AddSingleton(_ => new PspRecords(psp, options.PspKey)).AddSingleton<ReconciliationMetrics>();
        services.AddSingleton(s =>
        {
            var router = s.GetRequiredService<PartitionRouter>();
            return new ReconciliationTools(
                new ReconciliationOptions { Grace = options.ReconcileAfter }, options.Name, s.GetRequiredService<FollowedFeed>(), s.GetRequiredService<PspRecords>(),
                (order, cancellation) => router.SendAsync(new PartitionRequest.ReadOrder(order, Tenant: null), cancellation), s.GetRequiredService<BreakStore>(),
                s.GetRequiredService<ReconciliationMetrics>(), s.GetRequiredService<RefusedRequests>().Invoke, s.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<Reconciler>().AddHostedService(s => s.GetRequiredService<Reconciler>());
    }

    private static PausableGateway Pausable(IServiceProvider services, IPaymentGateway provider) =>
        new(provider, services.GetRequiredService<PausedProviders>(), services.GetRequiredService<PauseMetrics>());
}
