using System.Globalization;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Audit;

/// <summary>
/// <c>GET /v1/audit</c>: what was done to a tenant's keys and, for whoever operates the installation, to the installation. Straight from the
/// log, each entry with the hash that ties it to all before.
/// </summary>
internal sealed class AuditEndpoint(IAdministration administration)
{
    private const int MaxLimit = 200;
    private const int DefaultLimit = 50;

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        if (Read(http.Request.Query, out var after, out var limit) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        try
        {
            var (entries, next) = await FindAsync(caller, after, limit, http.RequestAborted);
            http.Response.Headers.CacheControl = "no-store";
            await Answer.Json(http, StatusCodes.Status200OK, (entries, next), static (w, page) => Write(w, page.entries, page.next));
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "The audit log cannot be read now."));
        }
    }

    private async Task<(IReadOnlyList<AuditEntry> Entries, long? Next)> FindAsync(Caller caller, long after, int limit, CancellationToken cancellation)
    {
        var found = await administration.FindAuditAsync(caller.Tenant.Value, caller.Allows(Scopes.SystemOperate), after, limit + 1, cancellation);
        return found.Count > limit ? ([.. found.Take(limit)], found[limit - 1].Seq) : (found, null);
    }

    private static Problem? Read(IQueryCollection query, out long after, out int limit)
    {
        (after, limit) = (0, DefaultLimit);
        foreach (var (name, values) in query)
        {
            var text = values.Count == 1 ? values[0] : null;
            if (name == "after" && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
                continue;
            if (name == "limit" && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit)
                continue;
            return new Problem(ProblemKinds.InvalidParameter, $"There are after, the last entry seen, and limit, 1 to {MaxLimit}.");
        }

        return null;
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<AuditEntry> entries, long? next)
    {
        writer.WriteStartObject();
        writer.WriteData(entries, static (w, entry) =>
        {
            w.WriteStartObject();
            w.WriteNumber("seq"u8, entry.Seq);
            w.WriteTime("at"u8, entry.AtUnixMs);
            w.WriteActor("actor"u8, entry.Actor);
            w.WriteString("action"u8, entry.Action);
            w.WriteString("subject"u8, entry.Subject);
            w.WritePropertyName("detail"u8);
            w.WriteRawValue(entry.Detail);
            w.WriteString("chain"u8, entry.Chain);
            w.WriteEndObject();
        });
        writer.WriteNext(next?.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }
}
