using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// The group commit: one thread that takes whatever all lanes have gathered while the previous commit was in flight, and
/// commits it as one. No delay is added; load makes the groups larger. A lane has one group in flight, so the
/// queue is never longer than there are lanes.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    private readonly IJournal _journal;
    private readonly BlockingCollection<(Lane Lane, List<PartitionBatch> Group)> _queue;
    private readonly ILogger _logger;
    private readonly Thread _thread;

    public JournalWriter(IJournal journal, int lanes, ILogger logger)
    {
        _journal = journal;
        _logger = logger;
        _queue = new BlockingCollection<(Lane, List<PartitionBatch>)>(lanes);
        _thread = new Thread(Run) { Name = "journal-writer", IsBackground = true };
        _thread.Start();
    }

    public void Append(Lane lane, List<PartitionBatch> group) => _queue.Add((lane, group));

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private void Run()
    {
        var taken = new List<(Lane Lane, List<PartitionBatch> Group)>();
        var merged = new List<PartitionBatch>();
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            taken.Clear();
            taken.Add(first);
            while (_queue.TryTake(out var more))
                taken.Add(more);
            merged.Clear();
            foreach (var (_, group) in taken)
                merged.AddRange(group);
            var (outcomes, failure) = Commit(merged);
            var offset = 0;
            foreach (var (lane, group) in taken)
            {
                lane.GroupWritten(new GroupResult(group, outcomes?[offset..(offset + group.Count)], failure));
                offset += group.Count;
            }
        }
    }

    private (AppendOutcome[]? Outcomes, Exception? Failure) Commit(List<PartitionBatch> group)
    {
        try
        {
            return (_journal.AppendAsync(group).AsTask().GetAwaiter().GetResult(), null);
        }
        catch (Exception failure)
        {
            // Whatever it is, the lanes decide: a failure they do not know as "nothing written" counts as ambiguous.
            LaneLog.CommitFailed(_logger, failure);
            return (null, failure);
        }
    }
}
