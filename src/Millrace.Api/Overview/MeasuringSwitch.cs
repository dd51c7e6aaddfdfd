using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>
/// For the bench of what measuring costs: the node's readers hear nothing of what is measured any more, or do again. In one process, as two differ by more than
/// what is to be found, and with the same readers: in the half second after new ones are made an order takes a tenth more. Once it was off, <c>/metrics</c>
/// tells nothing new until the node is started again.
/// </summary>
internal sealed class MeasuringSwitch(NodeSampling sampling, MeterProvider scraped, ApiMetrics metrics)
{
    private readonly Lock _lock = new();
    private readonly List<(MeterListener Listener, Instrument Instrument, object? State)> _silent = [];

    public Task TurnOffAsync(HttpContext http, Caller _)
    {
        lock (_lock)
        {
            if (_silent.Count == 0)
                Silence(ListenerOf(scraped), ListenerOf(sampling.Provider!));
        }

        return TellAsync(http);
    }

    public Task TurnOnAsync(HttpContext http, Caller _)
    {
        lock (_lock)
        {
            foreach (var (listener, instrument, state) in _silent)
                listener.EnableMeasurementEvents(instrument, state);
            _silent.Clear();
        }

        return TellAsync(http);
    }

    /// <summary>What this process has done and used until now, whoever measures.</summary>
    public Task ReadAsync(HttpContext http, Caller _) => TellAsync(http);

    private void Silence(params MeterListener[] listeners)
    {
        var instruments = new List<Instrument>();
        using (var all = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) })
            all.Start();
        foreach (var listener in listeners)
        {
            foreach (var instrument in instruments)
            {
                if (listener.DisableMeasurementEvents(instrument) is { } state)
                    _silent.Add((listener, instrument, state));
            }
        }
    }

    // The SDK has no way to silence a provider but to end it.
    private static MeterListener ListenerOf(MeterProvider provider) =>
        provider.GetType().GetField("listener", BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(provider) as MeterListener
            ?? throw new InvalidOperationException($"{provider.GetType()} keeps its listener elsewhere than it did.");

    private Task TellAsync(HttpContext http) => Answer.Send(http, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(
        $$"""{"orders":{{metrics.Accepted}},"cpu_us":{{(long)Environment.CpuUsage.TotalTime.TotalMicroseconds}},"gc_pause_us":{{(long)GC.GetTotalPauseDuration().TotalMicroseconds}},"allocated":{{GC.GetTotalAllocatedBytes()}}}"""));
}
