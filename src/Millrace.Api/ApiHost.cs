using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Millrace.Api.Admission;
using Millrace.Api.Alerts;
using Millrace.Api.Audit;
using Millrace.Api.Auditing;
using Millrace.Api.Backups;
using Millrace.Api.Caching;
using Millrace.Api.Documentation;
using Millrace.Api.Edge;
using Millrace.Api.Events;
using Millrace.Api.Health;
using Millrace.Api.Items;
using Millrace.Api.Jobs;
using Millrace.Api.Keys;
using Millrace.Api.Operations;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Change;
using Millrace.Api.Orders.Dismissals;
using Millrace.Api.Orders.Place;
using Millrace.Api.Orders.Read;
using Millrace.Api.Overview;
using Millrace.Api.Psp;
using Millrace.Api.Reconciliation;
using Millrace.Api.Stock;
using Millrace.Api.Tls;
using Millrace.Api.Tracking;
using Millrace.Api.Tokens;
using Millrace.Api.Webhooks;
using Millrace.Cluster;
using Millrace.Cluster.Administration;
using Millrace.Cluster.Orleans;
using Millrace.Cluster.Payments;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Feed;
using Millrace.Reconciliation;
using Millrace.Reconciliation.Breaks;
using Millrace.Telemetry;
using Millrace.Webhooks;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;
using Scalar.AspNetCore;

namespace Millrace.Api;

/// <summary>
/// The HTTP edge. Needs in the container: <see cref="PartitionRuntime"/>, <see cref="PartitionRouter"/>, <see cref="Millrace.Cluster.Catalog"/>, <see cref="IReadModel"/>, <see cref="IStockPages"/>, <see cref="IJournalFeed"/>,
/// <see cref="ApiKeyStore"/> and what its keys are kept in, <see cref="IRecords"/>, <see cref="PspWebhookParser"/> when webhooks are to be taken, <see cref="BackupStarter"/> when backups are, <see cref="ReplicaReader"/> when there is one, <see cref="AuditorReader"/> when there is an auditor, and <see cref="Reconciler"/> when there is a provider to be compared with.
/// </summary>
public static class ApiHost
{
    public static void AddMillraceApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<OrderTraces>();
        services.AddSingleton(s => new EventFeed(s.GetRequiredService<IJournalFeed>()));
        services.AddSingleton(s => new AdmissionGate(s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ApiMetrics>()));
        services.AddSingleton<RefusedRequests>(s =>
        {
            var gate = s.GetRequiredService<AdmissionGate>();
            return () => gate.RefusedCount;
        });
        services.AddSingleton(s =>
        {
            // Found now: its timer may come once more while the container is being emptied.
            var runtime = s.GetRequiredService<PartitionRuntime>();
            return new BacklogGuard(() => runtime.OldestAge, options.MaxBacklogAge, s.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton(s => new OrderLists(
            s.GetRequiredService<IReadModel>(), s.GetService<ReplicaReader>(), s.GetRequiredService<ApiMetrics>(), s.GetService<TimeProvider>() ?? TimeProvider.System, s.GetRequiredService<ILogger<OrderLists>>()));
        services.AddSingleton(s => new Leases(
            s.GetRequiredService<IRecords>(), options.NodeName, s.GetRequiredService<IJournal>().IsShared, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<Lease>>()));
        services.AddSingleton<AdmittedRouter>().AddSingleton<DismissedOrders>().AddSingleton<ListOrders>();
        services.AddSingleton<JobStore>().AddSingleton<JobPages>().AddSingleton<JobStep>().AddSingleton<JobRun>().AddHostedService<JobRunner>();
        services.AddSingleton<PausedProviders>().AddSingleton<BreakStore>();
        services.AddSingleton(s => new AlertSource(options.Prometheus, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PausedTenants>().AddSingleton(s => new AuditQuota(s.GetRequiredService<AuditLog>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<BackupJobs>();
        services.AddHostedService(s => s.GetRequiredService<BackupJobs>());
        services.AddHostedService<KeyUseRecorder>();
        services.AddSingleton(s => new RateLimits(options.Limits, s.GetRequiredService<AuditLog>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new SharedLimitsOptions(options.Redis, () => s.GetService<ClusterOperations>()?.LivingNodes ?? 1));
        AddCaching(services, options);
        // Its keys in Redis follow from the store's secret, which is read first.
        services.AddHostedService<SharedLimits>();
        AddWebhooks(services, options);
        if (options.Tokens is { } tokens)
            services.AddSingleton(tokens).AddSingleton<TokenValidator>();
        services.Configure<KestrelServerOptions>(ServerLimits.Set);
        if (options.Tls is { } tls)
        {
            services.Configure<KestrelServerOptions>(kestrel => TlsListening.Configure(kestrel, tls.Certificate, tls.Ports));
            services.AddSingleton(tls.Certificate).AddHostedService<CertificateRenewal>();
        }

        services.AddRouting();
        services.AddOpenApi("v1", OpenApiDocument.Configure);
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            // Else the document would say that numbers may be texts.
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddMillraceTelemetry();
        // The framework's line per request, and the activity it would make only for that line.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            // They tell of paths and of headers that could not be read, which may be secrets: however much an operator wants to see, not these.
            .AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Routing", LogLevel.Warning)
            .AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Warning));
    }

    // Started in this order: a cache's name in Redis follows from the store's secret.
    private static void AddCaching(IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options.Cdn);
        services.AddSingleton(new NodeCacheOptions(options.Redis, NodeCache.Freshness));
        services.AddSingleton<StoreSecret>().AddHostedService(s => s.GetRequiredService<StoreSecret>());
        services.AddSingleton<NodeCache>().AddHostedService(s => s.GetRequiredService<NodeCache>());
        services.AddSingleton<Purges>().AddHostedService(s => s.GetRequiredService<Purges>());
        services.AddSingleton<WatchedOrders>().AddHostedService(s => s.GetRequiredService<WatchedOrders>());
        services.AddSingleton<TrackingTokens>();
    }

    private static void AddWebhooks(IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options.Webhooks).AddSingleton<WebhookEndpoints>().AddSingleton<WebhookSecrets>();
        services.AddSingleton<DeliveryRecords>().AddSingleton<FollowedFeed>().AddSingleton<WebhookSender>().AddSingleton<WebhookMetrics>();
        services.AddSingleton<EventBody>(s => WebhookBody.With(s.GetRequiredService<OrderTraces>()));
        services.AddSingleton<DeliveryTools>().AddHostedService<Deliverer>();
    }

    public static void MapMillraceApi(this WebApplication app)
    {
        var services = app.Services;
        var options = services.GetRequiredService<ApiOptions>();
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var router = services.GetRequiredService<PartitionRouter>();
        var catalog = services.GetRequiredService<Catalog>();
        var admitted = services.GetRequiredService<AdmittedRouter>();
        var demand = new ItemDemand(time);
        var orders = new PlaceOrders(
            admitted, new Pricing(catalog, router), services.GetRequiredService<PausedTenants>(), time, services.GetRequiredService<ApiMetrics>(), services.GetRequiredService<OrderTraces>(), demand);
        var tokens = services.GetRequiredService<TrackingTokens>();
        var place = new PlaceEndpoint(orders, router, tokens, options, time, app.Lifetime.ApplicationStopping);

        app.UseMiddleware<EdgeMiddleware>(options.IsTlsInFront);
        var access = new Access(services.GetRequiredService<ApiKeyStore>(), services.GetService<TokenValidator>(), services.GetRequiredService<RateLimits>(), services.GetRequiredService<ApiMetrics>());
        var routes = new Routes(app, access);
        var cache = services.GetRequiredService<NodeCache>();
        var watched = services.GetRequiredService<WatchedOrders>();
        var availability = new AvailabilityReads(admitted, cache, time);
        var read = new ReadOrders(admitted, tokens);
        ApiRoutes.MapOrders(routes, place, new BatchEndpoint(orders, tokens, options, services.GetRequiredService<ApiMetrics>()), read, services.GetRequiredService<ListOrders>(),
            new ListAttention(services.GetRequiredService<IReadModel>(), time));
        ApiRoutes.MapDismissals(routes, new DismissalEndpoints(read, services.GetRequiredService<DismissedOrders>(), services.GetRequiredService<AuditQuota>(), time));
        ApiRoutes.MapChanges(routes, new ChangeOrders(admitted, watched, tokens));
        ApiRoutes.MapStock(routes, new ItemEndpoints(admitted, availability), new ListItems(services.GetRequiredService<IStockPages>(), time),
            new DemandEndpoint(demand, time), new AdjustEndpoint(admitted, availability));
        var (feed, traces) = (services.GetRequiredService<EventFeed>(), services.GetRequiredService<OrderTraces>());
        ApiRoutes.MapEvents(routes, new ListEvents(feed, router.Map.Count, traces), new StreamEvents(feed, router.Map.Count, traces, access, time, app.Lifetime.ApplicationStopping));
        var (endpoints, secrets, deliveries) = (services.GetRequiredService<WebhookEndpoints>(), services.GetRequiredService<WebhookSecrets>(), services.GetRequiredService<DeliveryRecords>());
        ApiRoutes.MapWebhooks(routes, new WebhookSettings(options.Webhooks, endpoints, secrets, deliveries, services.GetRequiredService<FollowedFeed>(), time),
            new WebhookDeliveries(endpoints, secrets, deliveries, services.GetRequiredService<WebhookSender>(), time));
        ApiRoutes.MapTracking(routes, new TrackEndpoint(admitted, tokens, watched, cache, options.Cdn, time));
        ApiRoutes.MapKeys(routes, new KeyEndpoints(services.GetRequiredService<ApiKeyStore>(), time), new AuditEndpoint(services.GetRequiredService<IAdministration>()));
        ApiRoutes.MapOverview(routes, new OverviewEndpoints(services.GetRequiredService<NodeSamples>(), options, services.GetRequiredService<PausedProviders>(), services.GetRequiredService<PausedTenants>()));
        ApiRoutes.MapAlerts(routes, new AlertEndpoint(services.GetRequiredService<AlertSource>()));
        if (services.GetService<AuditorReader>() is { } auditor)
            ApiRoutes.MapAuditor(routes, new AuditorEndpoint(auditor, options));
        ApiRoutes.MapLimits(routes, new LimitEndpoints(services.GetRequiredService<RateLimits>(), services.GetRequiredService<AuditLog>(), time));
        ApiRoutes.MapTenantPauses(routes, new PauseEndpoints(services.GetRequiredService<PausedTenants>(), services.GetRequiredService<RateLimits>(), services.GetRequiredService<AuditLog>()));
        ApiRoutes.MapCaches(routes, new CacheEndpoints(cache, services.GetRequiredService<Purges>(), services.GetRequiredService<AuditLog>(), options));
        if (services.GetService<ClusterOperations>() is { } cluster)
            ApiRoutes.MapCluster(routes, new ClusterEndpoints(cluster));
        ApiRoutes.MapOperations(routes, new BackupEndpoints(services.GetRequiredService<BackupJobs>(), services.GetRequiredService<AuditLog>()));
        ApiRoutes.MapProviders(routes, new ProviderEndpoints(services.GetRequiredService<PausedProviders>(), services.GetRequiredService<AuditLog>()));
        ApiRoutes.MapReconciliation(routes, new ReconciliationEndpoints(
            services.GetRequiredService<BreakStore>(), services.GetService<Reconciler>() is not null, services.GetRequiredService<AuditLog>(), time));
        var (jobs, audit) = (services.GetRequiredService<JobStore>(), services.GetRequiredService<AuditQuota>());
        var slots = new JobSlots(jobs, services.GetRequiredService<IRecords>(), time);
        ApiRoutes.MapJobs(routes, new StartJob(jobs, slots, audit, time), new JobEndpoints(jobs), new ControlJob(jobs, slots, audit, time));
        ApiRoutes.MapOpen(routes, new HealthEndpoints(router, cache),
            services.GetService<PspWebhookParser>() is { } parser ? new PspWebhookEndpoint(router, parser, services.GetRequiredService<OrderTraces>()) : null);
        if (options.HasNoopEndpoint)
            ApiRoutes.MapBench(routes, place, new AdmittedNoop(services.GetRequiredService<AdmissionGate>(), place), services.GetService<MeasuringSwitch>());
        MapMetrics(app, options);
        WatchKeys(services.GetRequiredService<ApiKeyStore>(), services.GetRequiredService<ApiMetrics>(), time);
        app.MapOpenApi("/openapi/v1.json");
        // It would put whatever name is asked for into its page.
        app.MapScalarApiReference("/docs", scalar => scalar.WithTitle("Millrace").WithOpenApiRoutePattern("/openapi/v1.json"))
            .AddEndpointFilter(async (call, next) => call.HttpContext.GetRouteValue("documentName") is null ? await next(call) : Results.NotFound());
    }

    private static void WatchKeys(ApiKeyStore keys, ApiMetrics metrics, TimeProvider time) => metrics.Watch(
        ApiMetrics.KeyExpiry, () => keys.NextExpiry() is { } end ? [new Measurement<double>((end - time.GetUtcNow()).TotalSeconds)] : []);

    private static void MapMetrics(WebApplication app, ApiOptions options)
    {
        HashSet<int>? ports = null;
        if (options.ManagementUrl is { } urls)
        {
            // Addresses added here would otherwise take the place of the configured ones.
            if (app.Urls.Count == 0)
            {
                foreach (var configured in (app.Configuration[WebHostDefaults.ServerUrlsKey] ?? "http://localhost:5000").Split(';'))
                    app.Urls.Add(configured);
            }

            ports = [];
            foreach (var url in urls.Split(';'))
            {
                app.Urls.Add(url);
                ports.Add(BindingAddress.Parse(url).Port);
            }

            app.UseMiddleware<ManagementMiddleware>(ports);
        }

        if (ApiTelemetry.IsDisabled)
            return;
        app.MapPrometheusScrapingEndpoint("/metrics").Add(endpoint =>
            endpoint.RequestDelegate = HealthEndpoints.Internal(endpoint.RequestDelegate!, ports));
    }
}
