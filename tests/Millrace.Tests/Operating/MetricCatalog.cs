using System.Reflection;
using System.Text;
using Millrace.Api;
using Millrace.Cli.Serve;
using Millrace.Cluster.Lanes;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation;
using Millrace.Telemetry;
using Millrace.Webhooks;

namespace Millrace.Tests.Operating;

/// <summary>Every metric that stands beside its instrument in the code, and the page that is made of them.</summary>
internal static class MetricCatalog
{
    private static readonly Assembly[] Assemblies = [typeof(LaneMetrics).Assembly, typeof(PspMetrics).Assembly, typeof(WebhookMetrics).Assembly, typeof(ReconciliationMetrics).Assembly, typeof(ApiOptions).Assembly, typeof(NodeOptions).Assembly];

    /// <summary>By the class that they stand in, in the order that they stand in.</summary>
    public static IReadOnlyList<(Type Owner, Metric Metric)> All { get; } =
        [.. from assembly in Assemblies
            from type in assembly.GetTypes().OrderBy(type => type.FullName, StringComparer.Ordinal)
            from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).OrderBy(field => field.MetadataToken)
            where field.FieldType == typeof(Metric)
            select (type, (Metric)field.GetValue(null)!)];

    public static string Document()
    {
        var page = new StringBuilder("""
            # Metrics

            Made from the code by a test (`UPDATE_METRICS=1`, `MetricTests`); another scrapes a server and compares. Each node shows its own at `/metrics` of `--management-urls`, or of the API's listener for loopback only;
            with `OTEL_EXPORTER_OTLP_ENDPOINT` they go to a collector too. No label has a value for each order, customer, tenant or key.

            """);
        foreach (var group in All.GroupBy(entry => entry.Owner))
        {
            page.AppendLine().AppendLine($"## {MeterOf(group.Key)}").AppendLine()
                .AppendLine("| name | at /metrics | kind | unit | labels | meaning |").AppendLine("|---|---|---|---|---|---|");
            foreach (var (_, metric) in group)
            {
                page.AppendLine($"| `{metric.Name}` | `{metric.ExposedName}` | {metric.Kind.ToString().ToLowerInvariant()} | {metric.Unit.Trim('{', '}')} | "
                    + $"{string.Join(", ", metric.Labels.Select(label => $"`{label}`"))} | {metric.Meaning} |");
            }
        }

        page.Append("""

            ## From the framework

            | meter | what of it the alerts and dashboards use |
            |---|---|
            | `Microsoft.AspNetCore.Hosting` | `http_server_request_duration_seconds` by `http_route`, `http_request_method`, `http_response_status_code` |
            | `Microsoft.AspNetCore.Server.Kestrel` | `kestrel_active_connections` |
            | `System.Runtime` | `dotnet_process_cpu_time_seconds_total`, `dotnet_process_memory_working_set_bytes`, `dotnet_gc_pause_time_seconds_total` |

            Their meaning: the semantic conventions of OpenTelemetry, and the documentation of ASP.NET Core and .NET.

            """);
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static string MeterOf(Type owner) => (string)owner.GetField("MeterName", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetValue(null)!;
}
