using Millrace.Api;
using Millrace.Api.Caching;
using Millrace.Api.Limits;
using Millrace.Api.Tls;
using Millrace.Api.Tokens;
using Millrace.Cli.Auditing;
using Millrace.OperatorConsole;
using Millrace.Reconciliation;
using Millrace.Webhooks;

namespace Millrace.Cli.Serve;

/// <summary>One node, as composed by <see cref="Node"/>.</summary>
public sealed record NodeOptions
{
    /// <summary>The data folder; made when missing. Null with <see cref="Postgres"/>, which needs none.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Where backups of the data folder go; null takes none. Not with <see cref="Postgres"/>.</summary>
    public string? Backups { get; init; }

    /// <summary>Connection string of the PostgreSQL database that holds orders and stock; null for SQLite in the data folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>Connection strings of the store's further databases, by the shard's name. Needs <see cref="Postgres"/>.</summary>
    public IReadOnlyDictionary<string, string> Shards { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Folder of the orders that are archived; null when none are. Needs <see cref="Postgres"/>.</summary>
    public string? Archive { get; init; }

    /// <summary>Connection string of a standby that lists are read from; null for none. Needs <see cref="Postgres"/>, and a store in one database.</summary>
    public string? PostgresReplica { get; init; }

    /// <summary>Shown to people; the same in its next life. Null for the machine's name.</summary>
    public string? NodeName { get; init; }

    /// <summary>As <see cref="NodeName"/>, with what stands for none.</summary>
    public string Name => NodeName ?? Environment.MachineName;

    /// <summary>Its place among others; null for a node on its own. Needs <see cref="Postgres"/>.</summary>
    public ClusterPlace? Cluster { get; init; }

    /// <summary>Acknowledges nothing unless PostgreSQL waits for a synchronous standby.</summary>
    public bool RequireReplica { get; init; }

    /// <summary>Where the API listens; loopback unless told otherwise.</summary>
    public string Url { get; init; } = DefaultUrl;

    /// <summary>TLS of those of its URLs that begin with https; null when none does.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>What lies in front of the others ends TLS.</summary>
    public bool IsTlsInFront { get; init; }

    /// <summary>Where metrics and probes listen, separated by semicolons; null for the API's own listener, to loopback only.</summary>
    public string? ManagementUrl { get; init; }

    /// <summary>Whose tokens are accepted beside API keys; null for nobody's.</summary>
    public TokenOptions? Tokens { get; init; }

    /// <summary>How much a tenant may ask for that has no limits of its own.</summary>
    public LimitSettings Limits { get; init; } = LimitSettings.Default;

    /// <summary>New orders are refused while the oldest that should have moved is older than this.</summary>
    public TimeSpan MaxBacklogAge { get; init; } = ApiOptions.DefaultMaxBacklogAge;

    /// <summary>What is set of caches between the server and the public.</summary>
    public CdnOptions Cdn { get; init; } = new();

    /// <summary>Base address of the Prometheus whose alerts are shown; null for none.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>Where webhooks may go.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>Redis' address, for what nodes share beside the database; null for none.</summary>
    public string? Redis { get; init; }

    /// <summary>Partitions of a new store; null takes the store's, or 64.</summary>
    public int? Partitions { get; init; }

    /// <summary>Base address of the payment service provider; null for the in-process one that says yes to everything.</summary>
    public Uri? Psp { get; init; }

    /// <summary>What the provider knows us by; null for one that knows it otherwise.</summary>
    public string? PspKey { get; init; }

    /// <summary>How long an order and the provider's record may differ before they are looked at.</summary>
    public TimeSpan ReconcileAfter { get; init; } = ReconciliationOptions.DefaultGrace;

    /// <summary>Shared with the PSP to sign its webhooks; null refuses all webhooks.</summary>
    public string? PspWebhookSecret { get; init; }

    /// <summary>Rows a second that are checked while they are served, 0 to <see cref="Auditor.MostRowsPerSecond"/>; 0 for none.</summary>
    public int AuditRate { get; init; } = Auditor.DefaultRowsPerSecond;

    /// <summary>Serves the dashboard of the runtime below the cluster, to operators who are signed in to the console.</summary>
    public bool HasOrleansDashboard { get; init; }

    /// <summary>Serves the endpoint that benchmarks compare with.</summary>
    public bool HasNoopEndpoint { get; init; }

    /// <summary>Knobs for the console's visitors, who need not sign in; null, the default, for neither.</summary>
    public DemoControls? Demo { get; init; }

    public const string DefaultUrl = "http://127.0.0.1:8080";
}
