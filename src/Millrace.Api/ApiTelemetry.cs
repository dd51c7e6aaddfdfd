using System.Diagnostics;
using Millrace.Api.Overview;
using Millrace.Api.Tracking;
using Millrace.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Millrace.Api;

/// <summary>
/// What leaves the process about itself: metrics at <c>/metrics</c> always, and both metrics and traces to a collector once
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one. Without it nobody listens for spans, so none is made.
/// The SDK's other variables hold too, such as <c>OTEL_TRACES_SAMPLER</c>; with <c>OTEL_SDK_DISABLED=true</c> nothing is
/// measured at all, and there is no <c>/metrics</c>.
/// </summary>
internal static class ApiTelemetry
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceVariable = "OTEL_SERVICE_NAME";
    private const string DisabledVariable = "OTEL_SDK_DISABLED";
    private const string Own = "Millrace.*";
    private const string RequestDuration = "http.server.request.duration";

    // Of a metric: each place for one takes memory from the start, some 90 bytes, and the SDK's 2,000 are meant for labels that grow.
    private const int MostSeries = 200;

    public static bool IsDisabled => string.Equals(Environment.GetEnvironmentVariable(DisabledVariable), "true", StringComparison.OrdinalIgnoreCase);

    public static void AddMillraceTelemetry(this IServiceCollection services)
    {
        var isExported = Environment.GetEnvironmentVariable(EndpointVariable) is { Length: > 0 };
        services.AddSingleton<NodeSamples>();
        if (IsDisabled)
            return;
        // A provider of its own: a reader beside the others would have every request measured once more for metrics that it does not look at.
        services.AddSingleton(s => new NodeSampling(s.GetRequiredService<NodeSamples>(), s.GetRequiredService<TimeProvider>(), Own));
        services.AddHostedService(s => s.GetRequiredService<NodeSampling>());
        services.AddSingleton<MeasuringSwitch>();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(Environment.GetEnvironmentVariable(ServiceVariable) ?? "millrace"))
            .WithMetrics(metrics =>
            {
                AddScraped(metrics);
                if (isExported)
                    metrics.AddOtlpExporter();
            });
        if (!isExported)
            return;
        telemetry.WithTracing(traces => traces
            // The runtime's own of HTTP calls, which also carries the trace to the provider.
            .AddSource(Tracing.Journal, Tracing.Psp, "System.Net.Http")
            .AddAspNetCoreInstrumentation(requests =>
            {
                requests.Filter = http => !IsProbe(http.Request.Path);
                requests.EnrichWithHttpRequest = static (span, request) => HideToken(span, request.Path);
            })
            .AddOtlpExporter());
    }

    private static MeterProviderBuilder AddScraped(MeterProviderBuilder metrics) => metrics
        .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", Own)
        // One view for all: each that fits makes a metric of its own.
        .AddView(instrument => instrument.Name switch
        {
            // Twice a request, for what the admission gate tells for nothing.
            "http.server.active_requests" => MetricStreamConfiguration.Drop,
            RequestDuration => null,
            _ => new MetricStreamConfiguration { CardinalityLimit = MostSeries },
        })
        .AddPrometheusExporter();

    // Whoever has a tracking link sees the order: it is for the customer, and not for whoever reads traces. By what it begins with, as one that was copied badly has no route.
    private static void HideToken(Activity span, PathString path)
    {
        if (path.StartsWithSegments(TrackEndpoint.Path, StringComparison.OrdinalIgnoreCase))
            span.SetTag("url.path", TrackEndpoint.Route);
    }

    // Asked every few seconds by whoever runs the process.
    private static bool IsProbe(PathString path) => path == "/livez" || path == "/readyz" || path == "/startupz" || path == "/metrics";
}
