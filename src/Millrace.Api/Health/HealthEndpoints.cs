using System.Net;
using Millrace.Api.Caching;
using Millrace.Api.Edge;
using Millrace.Api.Problems;
using Millrace.Cluster;

namespace Millrace.Api.Health;

/// <summary>Probes for whoever runs the process.</summary>
internal sealed class HealthEndpoints(PartitionRouter router, NodeCache cache)
{
    private volatile bool _hasStarted;

    /// <summary>The process answers. Nothing else: a store that is away is no reason to kill it.</summary>
    public static Task LiveAsync(HttpContext http) => SendAsync(http, "alive");

    /// <summary>All partitions serve. Those whose checkpoints the database refuses are named: they serve for now, but another node could not do better. So is what is
    /// away without which everything goes on, though less well.</summary>
    public Task ReadyAsync(HttpContext http) =>
        router.IsReady ? SendAsync(http, "ready", router.RefusedCheckpoints, cache.IsDegraded) : Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Not all partitions serve."));

    /// <summary>All partitions have served once.</summary>
    public Task StartedAsync(HttpContext http)
    {
        _hasStarted |= router.IsReady;
        return _hasStarted ? SendAsync(http, "started") : Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Recovering."));
    }

    /// <summary>Lets only the management listener, or without one only this machine, see what is behind.</summary>
    public static RequestDelegate Internal(RequestDelegate inner, IReadOnlySet<int>? managementPorts) => http =>
    {
        // The port the connection came to, never the Host header: that one is the client's to choose.
        var isAllowed = managementPorts is not null
            ? managementPorts.Contains(http.Connection.LocalPort)
            : http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !IsForwarded(http.Request);
        return isAllowed ? inner(http) : Answer.Problem(http, new Problem(ProblemKinds.NotFound, "No resource has this address."));
    };

    // A proxy on this machine asks for somebody else, and says so.
    private static bool IsForwarded(HttpRequest request) => Array.Exists(["Forwarded", "X-Forwarded-For", "Via"], name => request.Headers.ContainsKey(name));

    private static Task SendAsync(HttpContext http, string state, IReadOnlyCollection<int>? refusedCheckpoints = null, bool isRedisAway = false)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, (state, refusedCheckpoints, isRedisAway), static (w, s) =>
        {
            w.WriteStartObject();
            w.WriteString("status"u8, s.state);
            if (s.refusedCheckpoints is { Count: > 0 } refused)
            {
                w.WriteStartArray("refused_checkpoints"u8);
                foreach (var partition in refused)
                    w.WriteNumberValue(partition);
                w.WriteEndArray();
            }

            if (s.isRedisAway)
            {
                w.WriteStartArray("degraded"u8);
                w.WriteStringValue("redis"u8);
                w.WriteEndArray();
            }

            w.WriteEndObject();
        });
    }
}
