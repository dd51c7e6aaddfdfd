using Millrace.Api.Edge;
using Millrace.Api.Keys;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>
/// For the bench of what measuring costs: nobody listens to the instruments any more, or again all readers that a node has. In one process, as two differ
/// by more than what is to be found. Not thread-safe.
/// </summary>
internal sealed class MeasuringSwitch(NodeSampling sampling, MeterProvider scraped) : IDisposable
{
    private MeterProvider? _scraped = scraped;

    public Task TurnOffAsync(HttpContext http, Caller _)
    {
        Stop();
        return Answer.Send(http, StatusCodes.Status200OK, "application/json", "{}"u8);
    }

    public async Task TurnOnAsync(HttpContext http, Caller _)
    {
        Stop();
        _scraped = ApiTelemetry.BuildScraped();
        await sampling.StartAsync(http.RequestAborted);
        await Answer.Send(http, StatusCodes.Status200OK, "application/json", "{}"u8);
    }

    private void Stop()
    {
        sampling.Dispose();
        _scraped?.Dispose();
        _scraped = null;
    }

    public void Dispose() => _scraped?.Dispose();
}
