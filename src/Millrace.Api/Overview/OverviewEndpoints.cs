using System.Globalization;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Problems;
using Millrace.Cluster.Payments;

namespace Millrace.Api.Overview;

/// <summary><c>/v1/overview</c>: this node, second by second. For whoever runs the installation: all tenants are in it.</summary>
internal sealed class OverviewEndpoints(NodeSamples samples, ApiOptions options, PausedProviders paused, PausedTenants tenants)
{
    private const int MostPoints = 300;

    public Task GetAsync(HttpContext http, Caller caller)
    {
        if (!TryRead(http, "seconds", 60, NodeSamples.Kept, out var seconds) || !TryRead(http, "step", 1, 60, out var step) || seconds > MostPoints * step)
            return Answer.Problem(http, new Problem(ProblemKinds.InvalidParameter, $"seconds is 1 to {NodeSamples.Kept}, step 1 to 60, and {MostPoints} points come at most."));
        http.Response.Headers.CacheControl = "private, no-store";
        return Answer.Json(http, StatusCodes.Status200OK, (options, Paused: paused.All, Tenants: tenants.All, Data: samples.Last(seconds, step)), static (w, overview) =>
        {
            w.WriteStartObject();
            w.WriteString("node"u8, overview.options.NodeName);
            w.WriteStartArray("unsafe_settings"u8);
            foreach (var setting in overview.options.UnsafeSettings)
                w.WriteStringValue(setting);
            w.WriteEndArray();
            w.WriteStartArray("paused_psps"u8);
            foreach (var provider in overview.Paused)
                w.WriteStringValue(provider.Name);
            w.WriteEndArray();
            w.WriteStartArray("paused_tenants"u8);
            foreach (var tenant in overview.Tenants)
                w.WriteStringValue(tenant.Name);
            w.WriteEndArray();
            w.WriteStartArray("data"u8);
            foreach (var sample in overview.Data)
                Write(w, sample);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    private static bool TryRead(HttpContext http, string name, int otherwise, int most, out int value)
    {
        value = otherwise;
        var given = http.Request.Query[name];
        return given.Count == 0 || (given.Count == 1 && int.TryParse(given[0], NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= most);
    }

    private static void Write(Utf8JsonWriter w, NodeSample sample)
    {
        w.WriteStartObject();
        w.WriteString("at"u8, sample.At);
        w.WriteNumber("placed"u8, Rounded(sample.Placed));
        w.WriteNumber("refused"u8, Rounded(sample.Refused));
        w.WriteNumber("unavailable"u8, Rounded(sample.Unavailable));
        w.WriteNumber("confirmed"u8, Rounded(sample.Confirmed));
        w.WriteNumber("ended"u8, Rounded(sample.Ended));
        Write(w, "accept_ms"u8, sample.Accept);
        Write(w, "settle_ms"u8, sample.Settle);
        Write(w, "commit_ms"u8, sample.Commit);
        w.WriteNumber("commits"u8, Rounded(sample.Commits));
        w.WriteNumber("payments"u8, Rounded(sample.Payments));
        w.WriteNumber("payments_unknown"u8, Rounded(sample.PaymentsUnknown));
        w.WriteNumber("unfinished"u8, sample.Unfinished);
        w.WriteNumber("oldest_s"u8, Rounded(sample.OldestSeconds));
        w.WriteNumber("inside"u8, sample.Inside);
        w.WriteNumber("waiting"u8, sample.Waiting);
        w.WriteNumber("waiting_oldest_s"u8, Math.Round(sample.WaitingSeconds, 4));
        w.WriteBoolean("breaker_open"u8, sample.IsBreakerOpen);
        w.WriteNumber("unserved"u8, sample.Unserved);
        w.WriteNumber("lane_waiting"u8, sample.LaneWaiting);
        w.WriteNumber("lane_waiting_oldest_s"u8, Math.Round(sample.LaneWaitingSeconds, 4));
        w.WriteNumber("payments_inside"u8, sample.PaymentsInside);
        w.WriteStartArray("stages"u8);
        foreach (var stage in sample.Stages)
        {
            w.WriteStartObject();
            w.WriteString("stage"u8, stage.Stage);
            w.WriteNumber("waiting"u8, stage.Waiting);
            w.WriteNumber("oldest_s"u8, Rounded(stage.OldestSeconds));
            w.WriteEndObject();
        }

        w.WriteEndArray();
        if (sample.AcceptBudgetLeft is { } left)
            w.WriteNumber("accept_budget_left"u8, Math.Round(left, 4));
        else
            w.WriteNull("accept_budget_left"u8);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, ReadOnlySpan<byte> name, Percentiles? percentiles)
    {
        if (percentiles is not { } p)
        {
            w.WriteNull(name);
            return;
        }

        w.WriteStartObject(name);
        w.WriteNumber("p50"u8, Rounded(p.P50));
        w.WriteNumber("p95"u8, Rounded(p.P95));
        w.WriteNumber("p99"u8, Rounded(p.P99));
        w.WriteEndObject();
    }

    private static double Rounded(double value) => Math.Round(value, 2);
}
