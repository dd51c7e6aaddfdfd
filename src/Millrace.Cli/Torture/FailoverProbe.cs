using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Torture;

/// <summary>
/// Asks for an order of every partition, again and again, through nodes that are up, and notes the longest time that each partition answered nobody,
/// whether it refused or let them wait. A new question leaves before the last is answered: a slow refusal must not hide a quick recovery.
/// </summary>
internal sealed class FailoverProbe : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A partition whose node is gone stands for two seconds until that is noticed; one that is not concerned stood for a second at most, on two cores with a load
    // of 40. Were it counted, most would be no failover at all, and the median a flattery.
    private static readonly TimeSpan LongSinceFault = TimeSpan.FromSeconds(1);

    // As long as a hand-over takes. What a busy machine adds counts against it; what is shorter and refuses nobody is not told from no pause at all.
    private static readonly TimeSpan LongPause = Every + TimeSpan.FromMilliseconds(250);

    // Questions under way, for each partition: those that all may share, and those of its own, so that one that lets all wait leaves the others their turn.
    private const int MostOpen = 8;
    private const int OwnOpen = 2;
    private readonly IReadOnlyList<HttpClient> _nodes;
    private readonly Action<string> _complain;
    private readonly TimeSpan[] _answered;
    private readonly (TimeSpan From, TimeSpan Until)[] _longest;
    private readonly SemaphoreSlim _asking;
    private readonly int[] _open;
    private readonly ConcurrentDictionary<int, byte> _refused = [];
    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <param name="nodes">Those that stay up.</param>
    /// <param name="partitions">Of the store.</param>
    /// <param name="complain">Takes what was neither an answer nor an honest refusal, in words.</param>
    public FailoverProbe(IReadOnlyList<HttpClient> nodes, int partitions, Action<string> complain)
    {
        (_nodes, _complain) = (nodes, complain);
        _answered = new TimeSpan[partitions];
        _longest = new (TimeSpan, TimeSpan)[partitions];
        _asking = new SemaphoreSlim(MostOpen * partitions);
        _open = new int[partitions];
    }

    /// <summary>Until every partition has been served for a while, beginning when this was made.</summary>
    /// <param name="least">As long as the fault may take to be noticed.</param>
    /// <exception cref="InvalidOperationException">A partition was not served again within 30 s.</exception>
    public async Task RunAsync(TimeSpan least, CancellationToken cancellation)
    {
        var asked = new List<Task>();
        for (var round = 0; _watch.Elapsed < least || NotServed(TimeSpan.FromSeconds(1)).Count > 0; round++)
        {
            if (_watch.Elapsed > Patience)
                throw new InvalidOperationException($"Partitions {string.Join(' ', NotServed(TimeSpan.FromSeconds(1)))} were not served again within {Patience.TotalSeconds:0} s.");
            for (var partition = 0; partition < _answered.Length; partition++)
                asked.Add(AskAsync(partition, round, cancellation));
            asked.RemoveAll(task => task.IsCompletedSuccessfully);
            await Task.Delay(Every, cancellation);
        }

        await Task.WhenAll(asked);
    }

    /// <summary>For each partition that refused anybody, or let all wait for more than 1 s, the milliseconds from the fault until it was served again.</summary>
    public IEnumerable<double> SinceFault => Struck(LongSinceFault).Select(pause => pause.Until.TotalMilliseconds);

    /// <summary>For each partition that refused anybody, or let all wait for more than 300 ms, the milliseconds between the last answer before and the first answer after.</summary>
    public IEnumerable<double> Pauses => Struck(LongPause).Select(pause => (pause.Until - pause.From).TotalMilliseconds);

    /// <summary>The longest time for which any partition answered nobody, refused or not, in milliseconds.</summary>
    public double LongestMs => _longest.Max(pause => (pause.Until - pause.From).TotalMilliseconds);

    public void Dispose() => _asking.Dispose();

    private IEnumerable<(TimeSpan From, TimeSpan Until)> Struck(TimeSpan atLeast) =>
        _longest.Where((pause, partition) => _refused.ContainsKey(partition) || pause.Until - pause.From > atLeast);

    private List<int> NotServed(TimeSpan within)
    {
        lock (_lock)
            return [.. Enumerable.Range(0, _answered.Length).Where(partition => _watch.Elapsed - _answered[partition] > within)];
    }

    // Through each node in turn: one that has ended itself takes no partition with it.
    private async Task AskAsync(int partition, int round, CancellationToken cancellation)
    {
        var node = _nodes[(partition + round) % _nodes.Count];
        var isOwn = Interlocked.Increment(ref _open[partition]) <= OwnOpen;
        if (!isOwn && !await _asking.WaitAsync(0, cancellation))
        {
            Interlocked.Decrement(ref _open[partition]);
            return;
        }

        try
        {
            using var answer = await node.GetAsync($"/v1/orders/{OrderId.Create(1_700_000_000_000, partition, 1)}", cancellation);
            // It is nobody's order: any other answer is a fault of the server.
            if (answer.StatusCode == HttpStatusCode.NotFound)
                Answered(partition);
            else
                _refused.TryAdd(partition, 0);
            if (Refusal.Fault(answer) is { } fault)
                _complain($"A question to partition {partition} {fault}");
        }
        catch (Exception broken) when (broken is HttpRequestException or SocketException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            _refused.TryAdd(partition, 0);
            if (broken is TaskCanceledException)
                _complain($"A question to partition {partition} hung");
        }
        finally
        {
            if (!isOwn)
                _asking.Release();
            Interlocked.Decrement(ref _open[partition]);
        }
    }

    private void Answered(int partition)
    {
        lock (_lock)
        {
            var (now, before, longest) = (_watch.Elapsed, _answered[partition], _longest[partition]);
            if (now - before > longest.Until - longest.From)
                _longest[partition] = (before, now);
            _answered[partition] = now;
        }
    }
}
