using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Caching;

/// <summary><c>/v1/caches</c>: how often the caches of the asked node had the answer, and the shared ones that it tells of changes. For whoever runs the installation.</summary>
internal sealed class CacheEndpoints(NodeCache cache, Purges purges, AuditLog audit, ApiOptions options)
{
    public Task GetAsync(HttpContext http, Caller caller) => SendAsync(http, StatusCodes.Status200OK);

    /// <summary>All that is public, at each shared cache: a repeat does no harm, so it needs no key.</summary>
    public async Task PurgeAsync(HttpContext http, Caller caller)
    {
        if (purges.Targets.Count == 0)
        {
            await SendAsync(http, StatusCodes.Status200OK);
            return;
        }

        try
        {
            await audit.AddAsync(() => new AuditDraft(caller.Actor, null, "cache.purged", Purges.Everything), http.RequestAborted);
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "The audit log cannot be written now."));
            return;
        }

        purges.Add(Purges.Everything);
        await SendAsync(http, StatusCodes.Status202Accepted);
    }

    private Task SendAsync(HttpContext http, int status)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, status, (options.NodeName, cache.IsShared, cache.Kinds, purges.Targets), static (w, state) =>
        {
            w.WriteStartObject();
            w.WriteString("node"u8, state.NodeName);
            w.WriteBoolean("shared"u8, state.IsShared);
            w.WriteData(state.Kinds, static (each, kind) =>
            {
                each.WriteStartObject();
                each.WriteString("name"u8, kind.Name);
                each.WriteNumber("hits"u8, kind.Count(CacheOutcome.Hit));
                each.WriteNumber("misses"u8, kind.Count(CacheOutcome.Miss));
                each.WriteNumber("stale"u8, kind.Count(CacheOutcome.Stale));
                each.WriteEndObject();
            });
            w.WriteStartArray("shared_caches"u8);
            foreach (var target in state.Targets)
            {
                w.WriteStartObject();
                // Of its address no more: a secret may be in it.
                w.WriteString("host"u8, target.Url.Authority);
                w.WriteBoolean("working"u8, target.IsWorking);
                w.WriteNumber("waiting"u8, target.WaitingCount);
                w.WriteNumber("sent"u8, target.SentCount);
                w.WriteNumber("failed"u8, target.FailedCount);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteEndObject();
        });
    }
}
