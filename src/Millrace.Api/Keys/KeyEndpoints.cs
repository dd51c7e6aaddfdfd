using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;

namespace Millrace.Api.Keys;

/// <summary><c>/v1/api-keys</c>: a tenant's own keys. Nobody makes or renews a key that can do more than he can.</summary>
internal sealed class KeyEndpoints(ApiKeyStore keys, TimeProvider time)
{
    public Task CreateAsync(HttpContext http, Caller caller) => MakeAsync(http, "api-keys", async (utf8, request) =>
    {
        if (KeyBodies.NewKey(utf8, time.GetUtcNow(), out var body) is { } problem)
            return (null, problem);
        if (!caller.Allows(body.Scopes))
            return (null, Access.Lacks(body.Scopes & ~caller.Scopes));
        return (await keys.CreateAsync(caller.Tenant, body.Client, body.Scopes, body.ExpiresAt, caller.Actor, request, http.RequestAborted), null);
    }, caller.Tenant, mayBeEmpty: false);

    public Task RotateAsync(HttpContext http, Caller caller)
    {
        var id = (string)http.GetRouteValue("key")!;
        return MakeAsync(http, $"api-keys/{id}/rotate", async (utf8, request) =>
        {
            if (RotationBody.Read(utf8, out var overlap) is { } problem)
                return (null, problem);
            if (Find(caller, id) is not { } key)
                return (null, NotFound);
            if (!caller.Allows(key.Scopes))
                return (null, Access.Lacks(key.Scopes & ~caller.Scopes));
            return (await keys.RotateAsync(id, caller.Tenant, overlap, caller.Actor, request, http.RequestAborted), null);
        }, caller.Tenant, mayBeEmpty: true);
    }

    public async Task RevokeAsync(HttpContext http, Caller caller)
    {
        var id = (string)http.GetRouteValue("key")!;
        try
        {
            // One that has ended already is what was asked for.
            if (await keys.RevokeAsync(id, caller.Tenant, caller.Actor, http.RequestAborted) || Find(caller, id) is not null)
                await Answer.Empty(http, StatusCodes.Status204NoContent);
            else
                await Answer.Problem(http, NotFound);
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, Away);
        }
    }

    public async Task ListAsync(HttpContext http, Caller caller)
    {
        try
        {
            var uses = await keys.ReadUsesAsync(http.RequestAborted);
            var now = time.GetUtcNow();
            await SendAsync(http, StatusCodes.Status200OK, writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("data"u8);
                foreach (var key in keys.List().Where(key => key.Tenant == caller.Tenant))
                    Write(writer, key, null, uses.TryGetValue(key.Id, out var at) ? at : null, now);
                writer.WriteEndArray();
                writer.WriteEndObject();
            });
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, Away);
        }
    }

    private static Problem NotFound => new(ProblemKinds.KeyNotFound, "The tenant has no such key, or it has ended.");

    private static Problem Away => new(ProblemKinds.Unavailable, "Keys can be neither read nor changed now.");

    private ApiKey? Find(Caller caller, string id) => keys.List().FirstOrDefault(key => key.Id == id && key.Tenant == caller.Tenant);

    private async Task MakeAsync(
        HttpContext http, string route, Func<byte[], AuditRequest, Task<(KeyOutcome?, Problem?)>> make, TenantId tenant, bool mayBeEmpty)
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty);
        if (problem is null)
        {
            try
            {
                var request = new AuditRequest($"{NameHash.ChangeKey(tenant, route, idempotencyKey):x32}", $"{PayloadHash.Of(utf8):x32}");
                (var outcome, problem) = await make(utf8, request);
                problem ??= await TellAsync(http, outcome!);
            }
            catch (StoreUnavailableException)
            {
                problem = Away;
            }
        }

        if (problem is not null)
            await Answer.Problem(http, problem);
    }

    private async Task<Problem?> TellAsync(HttpContext http, KeyOutcome outcome)
    {
        var now = time.GetUtcNow();
        switch (outcome)
        {
            case KeyOutcome.Made made:
                await SendAsync(http, StatusCodes.Status201Created, writer => Write(writer, made.Key, made.Text, null, now));
                return null;
            case KeyOutcome.MadeBefore before:
                // The one answer that is not repeated byte for byte: the text is kept nowhere.
                http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
                await SendAsync(http, StatusCodes.Status200OK, writer => Write(writer, before.Key, null, null, now));
                return null;
            case KeyOutcome.OtherRequest:
                return new Problem(ProblemKinds.KeyReused, "The idempotency key was used with another body.");
            case KeyOutcome.TooMany:
                return new Problem(ProblemKinds.TooManyKeys, $"A client may have {ApiKeyStore.MaxLivePerClient} live keys, a tenant {ApiKeyStore.MaxLivePerTenant}, and make {ApiKeyStore.MaxNewPerTenantAndDay} a day.");
            default:
                return NotFound;
        }
    }

    private static Task SendAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, status, write, static (writer, write) => write(writer));
    }

    private static void Write(Utf8JsonWriter writer, ApiKey key, string? text, DateTimeOffset? lastUsed, DateTimeOffset now)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, key.Id);
        writer.WriteString("name"u8, key.Client);
        writer.WriteStartArray("scopes"u8);
        foreach (var scope in ScopeNames.Of(key.Scopes))
            writer.WriteStringValue(scope);
        writer.WriteEndArray();
        writer.WriteString("state"u8, key.State(now));
        writer.WriteTime("created_at"u8, key.CreatedAt.ToUnixTimeMilliseconds());
        writer.WriteTime("expires_at"u8, key.ExpiresAt?.ToUnixTimeMilliseconds());
        writer.WriteTime("last_used_at"u8, lastUsed?.ToUnixTimeMilliseconds());
        if (text is not null)
            writer.WriteString("key"u8, text);
        writer.WriteEndObject();
    }
}
