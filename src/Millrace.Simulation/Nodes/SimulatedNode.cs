using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Simulation.Seeds;
using Millrace.Simulation.Stores;

namespace Millrace.Simulation.Nodes;

/// <summary>
/// One process: the production partitions, and around them what a shell does. It may die, stand still, or believe for a while
/// that it owns what another node has taken; nothing here protects it from that except the database's answer.
/// </summary>
internal sealed partial class SimulatedNode
{
    private const long RetryUs = 100_000;
    private readonly World _world;
    private readonly HostedPartition?[] _hosts;
    private readonly Queue<HostedPartition> _touched = new();
    private bool _isGroupInFlight;
    private bool _isConfirming;
    private bool _hasUnconfirmed;
    private long _retryAtUs;

    public SimulatedNode(World world, int id, int partitions)
    {
        _world = world;
        Id = id;
        _hosts = new HostedPartition?[partitions];
        StartTicking();
    }

    public int Id { get; }

    /// <summary>Counts its lives: what was meant for an earlier one is not noticed.</summary>
    public int Incarnation { get; private set; }

    public bool IsUp { get; private set; } = true;

    /// <summary>The newest payload format that its build knows.</summary>
    public int NewestFormat { get; set; } = PayloadFormat.Newest;

    public long PausedUntilUs { get; set; }

    /// <summary>What its clock differs from the true one.</summary>
    public long ClockOffsetMs { get; set; }

    public long NowMs => _world.TrueMs + ClockOffsetMs;

    public bool IsHosting(int partition) => _hosts[partition] is not null;

    public Partition? Serving(int partition) => _hosts[partition]?.Partition;

    public void Crash()
    {
        _world.Trace?.Add($"node {Id} dies");
        Incarnation++;
        IsUp = false;
        Array.Clear(_hosts);
        _touched.Clear();
        (_isGroupInFlight, _isConfirming, _hasUnconfirmed) = (false, false, false);
    }

    public void Restart()
    {
        IsUp = true;
        PausedUntilUs = 0;
        StartTicking();
    }

    /// <summary>A request from outside, or from another node.</summary>
    public void Handle(int partition, PartitionRequest request, ReplySink sink)
    {
        var isRead = request is PartitionRequest.ReadOrder or PartitionRequest.ReadItem;
        if (_hosts[partition] is not { Partition: { } running, IsStopping: false } host || (host.Refused is not null && !isRead))
        {
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "It is not served here now."));
            return;
        }

        try
        {
            running.Handle(request, sink, NowMs);
            Touch(host);
        }
        catch (Exception) when (IsOvertaken(running))
        {
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "Another node has claimed the partition."));
            Drop(host, "Another node has claimed the partition.");
        }

        if (_world.Trace is { } trace)
            trace.Add($"node {Id} partition {partition} takes {Describe(request)}");
    }

    private static string Describe(PartitionRequest request) => request switch
    {
        PartitionRequest.PlaceOrder r => $"{r.Id} placed by {r.Placement.Buyer.CustomerId}",
        PartitionRequest.ChangeOrder r => $"{r.Id} {r.Command}",
        PartitionRequest.ReadOrder r => $"{r.Id} read",
        PartitionRequest.AwaitSettled r => $"{r.Id} awaited",
        PartitionRequest.ChangeStock r => r.Command.ToString(),
        _ => request.ToString(),
    };

    /// <summary>After every event: what the partitions want done is done, and what they decided goes to the database.</summary>
    public void Settle()
    {
        while (_touched.TryDequeue(out var host))
        {
            host.IsTouched = false;
            Drain(host);
        }

        HandOver();
        if (_hasUnconfirmed && !_isConfirming)
            Confirm();
    }

    private void StartTicking() => _world.Schedule.After(_world.TickUs, this, Tick);

    private void Tick()
    {
        foreach (var host in _hosts)
        {
            if (host?.Partition is not { } partition)
                continue;
            if (host.Refused is null)
                Guard(host, partition, static (p, now) => p.Tick(now), NowMs);
            TryFinishStop(host);
        }

        StartTicking();
    }

    // What an owner that was overtaken is told need not make sense to it. For any other, an exception is a broken invariant.
    private void Guard<T>(HostedPartition host, Partition partition, Action<Partition, T> run, T argument)
    {
        try
        {
            run(partition, argument);
            Touch(host);
        }
        catch (Exception) when (IsOvertaken(partition))
        {
            Drop(host, "Another node has claimed the partition.");
        }
    }

    private bool IsOvertaken(Partition partition)
    {
        if (_world.Database[partition.Id].Epoch == partition.Epoch)
            return false;
        _world.Coverage.Count("recovery.overtaken");
        return true;
    }

    private void Touch(HostedPartition host)
    {
        if (host.IsTouched)
            return;
        host.IsTouched = true;
        _touched.Enqueue(host);
    }

    private void HandOver()
    {
        if (_isGroupInFlight)
            return;
        List<PartitionBatch>? group = null;
        foreach (var host in _hosts)
        {
            if (host?.Partition is not { } partition)
                continue;
            var batch = host.Refused is null ? partition.TakeBatch() : _retryAtUs <= _world.Schedule.NowUs ? host.Refused : null;
            if (batch is not null)
                (group ??= []).Add(batch);
        }

        if (group is not null)
            Append(group);
    }

    private void Append(List<PartitionBatch> group)
    {
        _isGroupInFlight = true;
        _world.Database.Append(this, group, (outcome, isAppended) => GroupWritten(group, outcome, isAppended));
    }

    private void GroupWritten(List<PartitionBatch> group, DatabaseOutcome outcome, bool[]? isAppended)
    {
        _isGroupInFlight = false;
        for (var i = 0; i < group.Count; i++)
        {
            var batch = group[i];
            _world.Trace?.Add($"node {Id} hears of partition {batch.Partition} {batch.FirstSeq}-{batch.LastSeq} in epoch {batch.Epoch}: {outcome}{(isAppended is [..] && !isAppended[i] ? ", fenced" : "")}");
            // Dropped while its batch was in flight: the journal decides what its successor sees.
            if (_hosts[batch.Partition] is not { Partition: { } partition } host || partition.Epoch != batch.Epoch)
                continue;
            switch (outcome)
            {
                case DatabaseOutcome.Done when isAppended![i]:
                    host.Refused = null;
                    partition.Committed(NowMs);
                    Drain(host);
                    break;
                case DatabaseOutcome.Done:
                    _world.Coverage.Count("recovery.fenced");
                    Drop(host, "Another node has claimed the partition.");
                    break;
                case DatabaseOutcome.Unavailable:
                    host.Refused = batch;
                    _retryAtUs = _world.Schedule.NowUs + RetryUs;
                    partition.RefuseWaiting("The database cannot commit.");
                    Touch(host);
                    break;
                default:
                    _world.Coverage.Count("recovery.ambiguous");
                    Drop(host, "Its last commit may or may not be durable.");
                    Start(batch.Partition);
                    break;
            }
        }
    }

    // Every answer that no commit of ours proves true is asked for: the partition may be another's by now.
    private void Confirm()
    {
        _hasUnconfirmed = false;
        var asked = _hosts.OfType<HostedPartition>().Where(h => h.Unconfirmed.Count > 0 && h.Partition is not null)
            .Select(h => (Host: h, h.Partition!.Epoch, Replies: h.Unconfirmed)).ToList();
        if (asked.Count == 0)
            return;
        _isConfirming = true;
        asked.ForEach(a => a.Host.Unconfirmed = []);
        _world.Database.Confirm(this, asked.ConvertAll(a => (a.Host.Id, a.Epoch)), confirmed: isCurrent =>
        {
            _isConfirming = false;
            for (var i = 0; i < asked.Count; i++)
            {
                Answer(asked[i].Replies, isConfirmed: isCurrent[i]);
                // Or it would refuse for ever: a stale owner that decides nothing never meets the fence.
                if (!isCurrent[i] && IsHere(asked[i].Host))
                    Drop(asked[i].Host, "Another node has claimed the partition.");
            }
        }, failed: () =>
        {
            _isConfirming = false;
            asked.ForEach(a => Answer(a.Replies, isConfirmed: false));
        });
    }

    private static void Answer(List<OutgoingReply> replies, bool isConfirmed)
    {
        foreach (var (sink, reply, _) in replies)
            sink.Complete(isConfirmed ? reply : PartitionReply.Unavailable("partition_unavailable", "The partition may have moved."));
    }
}
