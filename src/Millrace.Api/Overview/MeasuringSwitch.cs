using System.Text;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>
/// For the bench of what measuring costs: nobody listens to the instruments any more, or readers like those that a node begins with do. In one process, as two
/// differ by more than what is to be found. Once it was off, <c>/metrics</c> tells nothing new until the node is started again.
/// </summary>
internal sealed class MeasuringSwitch(NodeSampling sampling, MeterProvider scraped, ApiMetrics metrics) : IDisposable
{
    private readonly Lock _lock = new();
    private MeterProvider? _scraped = scraped;

    public Task TurnOffAsync(HttpContext http, Caller _)
    {
        lock (_lock)
            Stop();
        return TellAsync(http);
    }

    public Task TurnOnAsync(HttpContext http, Caller _)
    {
        lock (_lock)
        {
            Stop();
            _scraped = ApiTelemetry.BuildScraped();
            sampling.Begin();
        }

        return TellAsync(http);
    }

    /// <summary>What this process has done and used until now, whoever measures.</summary>
    public Task ReadAsync(HttpContext http, Caller _) => TellAsync(http);

    public void Dispose() => _scraped?.Dispose();

    private Task TellAsync(HttpContext http) => Answer.Send(http, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(
        $$"""{"orders":{{metrics.Accepted}},"cpu_us":{{(long)Environment.CpuUsage.TotalTime.TotalMicroseconds}},"gc_pause_us":{{(long)GC.GetTotalPauseDuration().TotalMicroseconds}},"allocated":{{GC.GetTotalAllocatedBytes()}}}"""));

    private void Stop()
    {
        sampling.Dispose();
        _scraped?.Dispose();
        _scraped = null;
    }
}
