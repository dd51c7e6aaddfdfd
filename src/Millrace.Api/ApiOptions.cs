using Millrace.Api.Caching;
using Millrace.Api.Limits;
using Millrace.Api.Tls;
using Millrace.Api.Tokens;
using Millrace.Webhooks;

namespace Millrace.Api;

/// <summary>What an operator chooses for the HTTP edge.</summary>
public sealed class ApiOptions
{
    /// <summary>As the cluster knows this node. Default: the machine's name.</summary>
    public string NodeName { get; init; } = Environment.MachineName;

    /// <summary>
    /// URLs of the management listener that serves <c>/metrics</c> (and probes), such as <c>http://127.0.0.1:9464</c>, separated by semicolons; the ports
    /// must be named. Null, the default:
    /// metrics are served on the main listener, to loopback only.
    /// </summary>
    public string? ManagementUrl { get; init; }

    /// <summary>TLS of the listeners whose URLs begin with https; null, the default, when none does.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Something in front ends TLS, and nobody else reaches the server: what it speaks is plain, what the public sees is not. Default false.</summary>
    public bool IsTlsInFront { get; init; }

    /// <summary>The only payment service provider: an order names it or none. Default <c>psp</c>.</summary>
    public string OnlyPsp { get; init; } = "psp";

    /// <summary>Whose tokens are accepted beside API keys; null, the default, for nobody's.</summary>
    public TokenOptions? Tokens { get; init; }

    /// <summary>How much a tenant may ask for that has no limits of its own.</summary>
    public LimitSettings Limits { get; init; } = LimitSettings.Default;

    /// <summary>New orders are refused while the oldest that should have moved is older than this. Default a quarter of an hour.</summary>
    public TimeSpan MaxBacklogAge { get; init; } = DefaultMaxBacklogAge;

    public static readonly TimeSpan DefaultMaxBacklogAge = TimeSpan.FromMinutes(15);

    /// <summary>What is set of caches between this server and the public.</summary>
    public CdnOptions Cdn { get; init; } = new();

    /// <summary>The Prometheus that evaluates the rules of <c>deploy/prometheus</c>: its alerts are shown. Null, the default: none are.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>Where webhooks may go.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>Redis' address, through which nodes share limits and caches, as <c>HOST:PORT,password=…</c>. Null, the default: each node gives its even share, and caches for itself.</summary>
    public string? Redis { get; init; }

    /// <summary>What of the node's settings is not for production, as <c>millrace.settings.unsafe</c> names it: told on the overview.</summary>
    public IReadOnlyList<string> UnsafeSettings { get; init; } = [];

    /// <summary>Serves <c>POST /v1/_noop</c>, the bench's yardstick, to anyone. Default false.</summary>
    public bool HasNoopEndpoint { get; init; }
}
