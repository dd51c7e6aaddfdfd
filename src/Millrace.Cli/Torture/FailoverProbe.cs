using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Torture;

/// <summary>
/// Asks for an order of every partition, again and again, through nodes that are up, and notes when each partition was last refused. A new question
/// leaves before the last is answered: a slow refusal must not hide a quick recovery.
/// </summary>
internal sealed class FailoverProbe : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly IReadOnlyList<HttpClient> _nodes;
    private readonly int _partitions;
    private readonly ConcurrentDictionary<int, (TimeSpan From, TimeSpan Until)> _refused = [];
    private readonly SemaphoreSlim _asking = new(256);
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <param name="nodes">Those that stay up.</param>
    /// <param name="partitions">Of the store.</param>
    public FailoverProbe(IReadOnlyList<HttpClient> nodes, int partitions) => (_nodes, _partitions) = (nodes, partitions);

    /// <summary>Until every partition has been served for a while, beginning when this was made.</summary>
    /// <param name="least">As long as the fault may take to be noticed.</param>
    public async Task RunAsync(TimeSpan least, CancellationToken cancellation)
    {
        var asked = new List<Task>();
        while (_watch.Elapsed < least || _refused.Values.Any(refused => _watch.Elapsed - refused.Until < TimeSpan.FromSeconds(2)))
        {
            if (_watch.Elapsed > Patience)
                throw new InvalidOperationException($"Partitions {string.Join(' ', _refused.Where(r => _watch.Elapsed - r.Value.Until < TimeSpan.FromSeconds(2)).Select(r => r.Key).Order())} were not served again within 30 s.");
            for (var partition = 0; partition < _partitions; partition++)
                asked.Add(AskAsync(partition, _nodes[partition % _nodes.Count], cancellation));
            asked.RemoveAll(task => task.IsCompleted);
            await Task.Delay(Every, cancellation);
        }

        await Task.WhenAll(asked);
    }

    /// <summary>For each partition that was refused at all, the milliseconds from the fault until it was served again.</summary>
    public IEnumerable<double> SinceFault => _refused.Values.Select(refused => refused.Until.TotalMilliseconds);

    /// <summary>For each partition that was refused at all, the milliseconds from its first refusal until it was served again.</summary>
    public IEnumerable<double> Pauses => _refused.Values.Select(refused => (refused.Until - refused.From + Every).TotalMilliseconds);

    public void Dispose() => _asking.Dispose();

    // A refusal counts from when it was asked for: what was asked later and answered did better.
    private async Task AskAsync(int partition, HttpClient node, CancellationToken cancellation)
    {
        if (!await _asking.WaitAsync(0, cancellation))
            return;
        var askedAt = _watch.Elapsed;
        try
        {
            using var answer = await node.GetAsync($"/v1/orders/{OrderId.Create(1_700_000_000_000, partition, 1)}", cancellation);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                Refused(partition, askedAt);
        }
        catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            Refused(partition, askedAt);
        }
        finally
        {
            _asking.Release();
        }
    }

    private void Refused(int partition, TimeSpan at) => _refused.AddOrUpdate(
        partition, (at, at), (_, before) => (before.From < at ? before.From : at, before.Until > at ? before.Until : at));
}
