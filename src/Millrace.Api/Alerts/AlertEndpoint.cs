using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;

namespace Millrace.Api.Alerts;

/// <summary><c>/v1/alerts</c>: what is wrong with the installation, as its monitoring says. For whoever runs it.</summary>
internal sealed class AlertEndpoint(AlertSource source)
{
    public async Task GetAsync(HttpContext http, Caller caller)
    {
        if (await source.ReadAsync(http.RequestAborted) is not { } alerts)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Prometheus does not answer, or not with its rules."));
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, alerts, static (w, state) =>
        {
            w.WriteStartObject();
            w.WriteNumber("rules"u8, state.Rules);
            w.WriteData(state.Active, static (each, alert) =>
            {
                each.WriteStartObject();
                each.WriteString("name"u8, alert.Name);
                each.WriteString("severity"u8, alert.Severity);
                each.WriteString("state"u8, alert.IsFiring ? "firing" : "pending");
                each.WriteTime("since"u8, alert.Since.ToUnixTimeMilliseconds());
                each.WriteString("summary"u8, alert.Summary);
                each.WriteString("description"u8, alert.Description);
                each.WriteString("runbook"u8, alert.Runbook);
                each.WriteEndObject();
            });
            w.WriteEndObject();
        });
    }
}
