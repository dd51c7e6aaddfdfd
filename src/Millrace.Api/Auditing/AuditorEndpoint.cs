using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Keys;

namespace Millrace.Api.Auditing;

/// <summary><c>GET /v1/auditor</c>: what is checked on the asked node while it serves. For whoever runs the installation: all tenants are in it.</summary>
internal sealed class AuditorEndpoint(AuditorReader read, ApiOptions options)
{
    public Task GetAsync(HttpContext http, Caller caller)
    {
        http.Response.Headers.CacheControl = "private, no-store";
        return Answer.Json(http, StatusCodes.Status200OK, (options.NodeName, Status: read()), static (w, auditor) =>
        {
            var status = auditor.Status;
            w.WriteStartObject();
            w.WriteString("node"u8, auditor.NodeName);
            w.WriteNumber("rows_per_second"u8, status.RowsPerSecond);
            Write(w, "sweep"u8, status.Sweep);
            Write(w, "last_sweep"u8, status.LastSweep);
            w.WriteNumber("orders"u8, status.Orders);
            w.WriteNumber("changed_orders"u8, status.ChangedOrders);
            w.WriteNumber("items"u8, status.Items);
            w.WriteNumber("turns_skipped"u8, status.TurnsSkipped);
            w.WriteNumber("violations"u8, status.Violations);
            w.WriteStartArray("findings"u8);
            foreach (var finding in status.Findings)
                Write(w, finding);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter w, ReadOnlySpan<byte> name, AuditorSweep? sweep)
    {
        if (sweep is null)
        {
            w.WriteNull(name);
            return;
        }

        w.WriteStartObject(name);
        w.WriteTime("started_at"u8, sweep.StartedAt.ToUnixTimeMilliseconds());
        w.WriteTime("ended_at"u8, sweep.EndedAt?.ToUnixTimeMilliseconds());
        w.WriteNumber("partitions"u8, sweep.Partitions);
        w.WriteNumber("orders"u8, sweep.Orders);
        w.WriteNumber("items"u8, sweep.Items);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, AuditorFinding finding)
    {
        w.WriteStartObject();
        w.WriteTime("at"u8, finding.At.ToUnixTimeMilliseconds());
        w.WriteNumber("invariant"u8, finding.Invariant);
        w.WriteString("promise"u8, finding.Promise);
        w.WriteString("subject"u8, finding.Subject);
        w.WriteString("what"u8, finding.What);
        w.WriteEndObject();
    }
}
