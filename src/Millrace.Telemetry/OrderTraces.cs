using System.Diagnostics;
using Millrace.Domain.Identity;

namespace Millrace.Telemetry;

/// <summary>
/// Which trace placed an order, for as long as this node remembers it: what is done for the order later links to that trace. It is kept in memory
/// only: after a restart, or on another node, there is no link. Thread-safe.
/// </summary>
public sealed class OrderTraces
{
    // 64 bytes each. A second of more orders than this machine can take, and an hour of a busy shop.
    private const int Kept = 32_768;
    private readonly Lock _lock = new();
    private readonly Dictionary<OrderId, ActivityContext> _traces = [];
    private readonly Queue<OrderId> _oldest = new();

    /// <summary>Costs nothing while nobody traces.</summary>
    /// <param name="order">Accepted under the present activity.</param>
    public void Note(OrderId order)
    {
        if (Activity.Current is not { Recorded: true } activity)
            return;
        lock (_lock)
        {
            if (!_traces.TryAdd(order, activity.Context))
                return;
            _oldest.Enqueue(order);
            if (_oldest.Count > Kept)
                _traces.Remove(_oldest.Dequeue());
        }
    }

    /// <returns>Null when it is not known.</returns>
    public ActivityContext? Find(OrderId order)
    {
        lock (_lock)
            return _traces.TryGetValue(order, out var trace) ? trace : null;
    }
}
