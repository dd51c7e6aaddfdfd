using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Journal;
using Millrace.Telemetry;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// The group commit of one database: one thread that takes whatever all lanes have gathered while the previous commit was in flight, and
/// commits it as one. No delay is added; load makes the groups larger. A lane has one group in flight at each writer, so the
/// queue is never longer than there are lanes.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    private readonly int _number;
    private readonly IJournal _journal;
    // A monitor and not a blocking collection, whose reader spins before it sleeps.
    private readonly object _lock = new();
    private List<(Lane Lane, List<PartitionBatch> Group, List<ActivityContext>? Traces)> _waiting = [];
    private bool _isStopping;
    private readonly LaneMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Thread _thread;

    /// <param name="number">As <see cref="IJournal.WriterOf"/> gives it for the batches that come here.</param>
    public JournalWriter(int number, IJournal journal, LaneMetrics metrics, ILogger logger)
    {
        _number = number;
        _journal = journal;
        _metrics = metrics;
        _logger = logger;
        _thread = new Thread(Run) { Name = $"journal-writer-{number}", IsBackground = true };
        _thread.Start();
    }

    /// <param name="traces">Of requests that the group makes durable; null for none.</param>
    public void Append(Lane lane, List<PartitionBatch> group, List<ActivityContext>? traces)
    {
        lock (_lock)
        {
            _waiting.Add((lane, group, traces));
            Monitor.Pulse(_lock);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isStopping = true;
            Monitor.Pulse(_lock);
        }

        _thread.Join();
    }

    private void Run()
    {
        var taken = new List<(Lane Lane, List<PartitionBatch> Group, List<ActivityContext>? Traces)>();
        var merged = new List<PartitionBatch>();
        while (TryTake(ref taken))
        {
            merged.Clear();
            foreach (var (_, group, _) in taken)
                merged.AddRange(group);
            using var span = Tracing.JournalSource.HasListeners() ? StartSpan(merged, taken.SelectMany(t => t.Traces ?? [])) : null;
            var (outcomes, failure) = Commit(merged);
            // Before anybody is told: what follows is not of the commit.
            End(span, failure);
            var offset = 0;
            foreach (var (lane, group, _) in taken)
            {
                lane.GroupWritten(new GroupResult(_number, group, outcomes?[offset..(offset + group.Count)], failure));
                offset += group.Count;
            }

            taken.Clear();
        }
    }

    private bool TryTake(ref List<(Lane Lane, List<PartitionBatch> Group, List<ActivityContext>? Traces)> taken)
    {
        lock (_lock)
        {
            while (_waiting.Count == 0)
            {
                if (_isStopping)
                    return false;
                Monitor.Wait(_lock);
            }

            (taken, _waiting) = (_waiting, taken);
            return true;
        }
    }

    private (AppendOutcome[]? Outcomes, Exception? Failure) Commit(List<PartitionBatch> group)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var outcomes = _journal.AppendAsync(group).AsTask().GetAwaiter().GetResult();
            _metrics.CommitEnded(began, null);
            return (outcomes, null);
        }
        catch (Exception failure)
        {
            // Whatever it is, the lanes decide: a failure they do not know as "nothing written" counts as ambiguous.
            LaneLog.CommitFailed(_logger, failure);
            _metrics.CommitEnded(began, failure);
            return (null, failure);
        }
    }

    // One a group, of a trace of its own: it is of no request more than of another, and links to those that it makes durable.
    private Activity? StartSpan(List<PartitionBatch> group, IEnumerable<ActivityContext> traces)
    {
        if (Tracing.JournalSource.StartActivity("journal commit", ActivityKind.Internal, parentContext: default, links: traces.Select(trace => new ActivityLink(trace))) is not { } span)
            return null;
        return span.SetTag("millrace.journal.writer", _number)
            .SetTag("millrace.journal.batches", group.Count)
            .SetTag("millrace.journal.records", group.Sum(batch => batch.LastSeq - batch.FirstSeq + 1));
    }

    private static void End(Activity? span, Exception? failure)
    {
        if (failure is not null)
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", failure.GetType().Name);
        span?.Stop();
    }
}
