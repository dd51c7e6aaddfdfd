using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Cli.Bench.Overload;

/// <summary>The callers of some tenants, and what they see second by second.</summary>
internal sealed class Crowd : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<int, Second> _seconds = new();
    private readonly List<Callers> _callers;
    private readonly long _startedAt;
    private readonly Task _running;
    private double _rate;

    /// <param name="server">Where they ask.</param>
    /// <param name="keys">One for each tenant.</param>
    /// <param name="callers">In all, evenly over the tenants.</param>
    /// <param name="heedsRetryAfter">As of <see cref="Callers"/>.</param>
    /// <param name="startedAt">What the first second is counted from, as of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public Crowd(Uri server, IReadOnlyList<string> keys, int callers, bool heedsRetryAfter, long startedAt)
    {
        _startedAt = startedAt;
        _callers = [.. keys.Select(key => new Callers(server, key, callers / keys.Count, heedsRetryAfter, Current))];
        _running = Task.WhenAll(_callers.Select(each => each.RunAsync(_over.Token)));
    }

    /// <summary>Orders a second of all of them; infinite for as fast as answers come.</summary>
    public double Rate
    {
        get => _rate;
        set
        {
            _rate = value;
            _callers.ForEach(each => each.Rate = value / _callers.Count);
        }
    }

    /// <summary>Seconds since the start.</summary>
    public int Now => (int)Stopwatch.GetElapsedTime(_startedAt).TotalSeconds;

    public Second this[int second] => _seconds.GetOrAdd(second, _ => new Second());

    public List<Second> Between(int from, int to) => [.. Enumerable.Range(from, to - from).Select(second => this[second])];

    /// <exception cref="Exception">What ended the callers.</exception>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _running;
        _over.Dispose();
    }

    /// <summary>In all seconds, those that belong to no measurement with them.</summary>
    public long Failed => _seconds.Values.Sum(second => second.Failed);

    private Second Current() => this[Now];
}
