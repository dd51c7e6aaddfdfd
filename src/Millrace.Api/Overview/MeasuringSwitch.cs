using Millrace.Api.Edge;
using Millrace.Api.Keys;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>
/// For the bench of what measuring costs: nobody listens to the instruments any more, or readers like those that a node begins with do. In one process, as two
/// differ by more than what is to be found. Once it was off, <c>/metrics</c> tells nothing new until the node is started again.
/// </summary>
internal sealed class MeasuringSwitch(NodeSampling sampling, MeterProvider scraped) : IDisposable
{
    private readonly Lock _lock = new();
    private MeterProvider? _scraped = scraped;

    public Task TurnOffAsync(HttpContext http, Caller _)
    {
        lock (_lock)
            Stop();
        return DoneAsync(http);
    }

    public Task TurnOnAsync(HttpContext http, Caller _)
    {
        lock (_lock)
        {
            Stop();
            _scraped = ApiTelemetry.BuildScraped();
            sampling.Begin();
        }

        return DoneAsync(http);
    }

    public void Dispose() => _scraped?.Dispose();

    private static Task DoneAsync(HttpContext http) => Answer.Send(http, StatusCodes.Status200OK, "application/json", "{}"u8);

    private void Stop()
    {
        sampling.Dispose();
        _scraped?.Dispose();
        _scraped = null;
    }
}
