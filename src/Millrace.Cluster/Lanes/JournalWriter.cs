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
    private List<(Lane Lane, List<PartitionBatch> Group)> _waiting = [];
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

    public void Append(Lane lane, List<PartitionBatch> group)
    {
        lock (_lock)
        {
            _waiting.Add((lane, group));
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
        var taken = new List<(Lane Lane, List<PartitionBatch> Group)>();
        var merged = new List<PartitionBatch>();
        while (TryTake(ref taken))
        {
            merged.Clear();
            foreach (var (_, group) in taken)
                merged.AddRange(group);
            var (outcomes, failure) = Commit(merged);
            var offset = 0;
            foreach (var (lane, group) in taken)
            {
                lane.GroupWritten(new GroupResult(_number, group, outcomes?[offset..(offset + group.Count)], failure));
                offset += group.Count;
            }

            taken.Clear();
        }
    }

    private bool TryTake(ref List<(Lane Lane, List<PartitionBatch> Group)> taken)
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
        using var span = StartSpan(group);
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
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", failure.GetType().Name);
            return (null, failure);
        }
    }

    // One a group, of a trace of its own: it is of no request more than of another.
    private Activity? StartSpan(List<PartitionBatch> group)
    {
        if (Tracing.JournalSource.StartActivity("journal commit", ActivityKind.Internal, parentContext: default) is not { } span)
            return null;
        return span.SetTag("millrace.journal.writer", _number)
            .SetTag("millrace.journal.batches", group.Count)
            .SetTag("millrace.journal.records", group.Sum(batch => batch.LastSeq - batch.FirstSeq + 1));
    }
}
