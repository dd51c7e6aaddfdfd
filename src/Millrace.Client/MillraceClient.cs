using Millrace.Client.Alerts;
using Millrace.Client.ApiKeys;
using Millrace.Client.Audit;
using Millrace.Client.Auditor;
using Millrace.Client.Backups;
using Millrace.Client.Caches;
using Millrace.Client.Cluster;
using Millrace.Client.Events;
using Millrace.Client.Health;
using Millrace.Client.Items;
using Millrace.Client.Jobs;
using Millrace.Client.Limits;
using Millrace.Client.Orders;
using Millrace.Client.Overview;
using Millrace.Client.Providers;
using Millrace.Client.Reconciliation;
using Millrace.Client.Sending;
using Millrace.Client.Stock;
using Millrace.Client.Tracking;
using Millrace.Client.Webhooks;

namespace Millrace.Client;

/// <summary>
/// The public API of Millrace. Thread-safe; one for the life of a program. Every call fails with <see cref="MillraceProblemException"/> when the
/// server refuses, <see cref="HttpRequestException"/> when it cannot be reached and <see cref="TimeoutException"/> when it does not answer, each only
/// after what may be repeated was repeated.
/// </summary>
public sealed class MillraceClient : IDisposable
{
    private readonly HttpClient? _own;

    /// <param name="options">Where the server is, and as whom it is asked.</param>
    /// <param name="http">Null for one of its own. One that is given must not repeat requests itself: two layers multiply.</param>
    public MillraceClient(MillraceClientOptions options, HttpClient? http = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        MillraceClientOptions.Check(options);
        _own = http is null ? NewHttp() : null;
        var sender = new Sender(http ?? _own!, options);
        Orders = new OrdersClient(sender, options.Time);
        Events = new EventsClient(sender);
        Jobs = new JobsClient(sender);
        Items = new ItemsClient(sender);
        Stock = new StockClient(sender);
        Webhooks = new WebhooksClient(sender);
        ApiKeys = new ApiKeysClient(sender);
        Audit = new AuditClient(sender);
        Limits = new LimitsClient(sender);
        Cluster = new ClusterClient(sender);
        Alerts = new AlertsClient(sender);
        Caches = new CachesClient(sender);
        Providers = new ProvidersClient(sender);
        Reconciliation = new ReconciliationClient(sender);
        Backups = new BackupsClient(sender);
        Overview = new OverviewClient(sender);
        Auditor = new AuditorClient(sender);
        Health = new HealthClient(sender);
        Tracking = new TrackingClient(sender);
    }

    /// <summary>Placing orders, following them, and changing what becomes of them.</summary>
    public OrdersClient Orders { get; }

    /// <summary>What happens to orders, as it happens.</summary>
    public EventsClient Events { get; }

    /// <summary>Doing something with every order that matches a query.</summary>
    public JobsClient Jobs { get; }

    /// <summary>The catalog.</summary>
    public ItemsClient Items { get; }

    /// <summary>Units on hand.</summary>
    public StockClient Stock { get; }

    /// <summary>Where the tenant is told of events.</summary>
    public WebhooksClient Webhooks { get; }

    /// <summary>The tenant's API keys.</summary>
    public ApiKeysClient ApiKeys { get; }

    /// <summary>Who did what.</summary>
    public AuditClient Audit { get; }

    /// <summary>How much tenants may ask for.</summary>
    public LimitsClient Limits { get; }

    /// <summary>Nodes and partitions.</summary>
    public ClusterClient Cluster { get; }

    /// <summary>Caches of a node, and those between the server and the public.</summary>
    public CachesClient Caches { get; }

    /// <summary>What the monitoring says is wrong.</summary>
    public AlertsClient Alerts { get; }

    /// <summary>Payment providers that are paused.</summary>
    public ProvidersClient Providers { get; }

    /// <summary>Whether what orders have booked is what the payment provider did.</summary>
    public ReconciliationClient Reconciliation { get; }

    /// <summary>Backups of the store.</summary>
    public BackupsClient Backups { get; }

    /// <summary>What a node does, second by second.</summary>
    public OverviewClient Overview { get; }

    /// <summary>What a node checks while it serves.</summary>
    public AuditorClient Auditor { get; }

    /// <summary>Probes.</summary>
    public HealthClient Health { get; }

    /// <summary>What the public sees of an order.</summary>
    public TrackingClient Tracking { get; }

    public void Dispose() => _own?.Dispose();

    private static HttpClient NewHttp() => new(new SocketsHttpHandler
    {
        // A server that moves to another address is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        // The key is for one server.
        AllowAutoRedirect = false,
    })
    {
        // Each attempt has its own.
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
