using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;
using Millrace.Simulation.Stores;

namespace Millrace.Simulation.Nodes;

/// <summary>What leaves the partitions, and where it goes.</summary>
internal sealed partial class SimulatedNode
{
    private readonly List<PartitionMessage> _run = [];

    private void Drain(HostedPartition host)
    {
        if (host.Partition is not { } partition)
            return;
        var outputs = partition.Outputs;
        // First: a partition delivers to itself too, and what it takes may ask for a read, which stands in the lists below.
        for (var i = 0; i < outputs.Messages.Count;)
            i = SendRun(host.Id, outputs.Messages, i);
        foreach (var (source, seq) in outputs.Acknowledgements)
            Acknowledge(host.Id, source, seq);
        foreach (var reply in outputs.Replies)
        {
            if (reply.IsProven || reply.Reply.Status == ReplyStatus.Unavailable)
                reply.Sink.Complete(reply.Reply);
            else
                HoldReply(host, reply);
        }

        foreach (var payment in outputs.Payments)
            Pay(host, partition, payment);
        foreach (var order in outputs.OrderLoads)
            LoadOrder(host, partition, order);
        foreach (var name in outputs.NameLookups)
            FindName(host, partition, name);
        if (outputs.Checkpoint is { } checkpoint)
            Checkpoint(host, partition, checkpoint);
        outputs.Clear();
    }

    private void Pay(HostedPartition host, Partition partition, PaymentRequest payment) => _world.Psp.Ask(
        this, payment, outcome => WithPartition(host, partition, () => partition.CompletePayment(payment, outcome, NowMs)));

    private void HoldReply(HostedPartition host, OutgoingReply reply)
    {
        host.Unconfirmed.Add(reply);
        _hasUnconfirmed = true;
    }

    // A run of messages that follow one another in one channel travels together.
    private int SendRun(int source, List<OutgoingMessage> messages, int start)
    {
        var (target, firstSeq, _) = messages[start];
        var end = start;
        _run.Clear();
        do
        {
            _run.Add(messages[end].Message);
            end++;
        }
        while (end < messages.Count && messages[end].Target == target && messages[end].Seq == firstSeq + (end - start));

        // By the directory, also when there is one here: two copies that only talk to each other would never find out which is stale.
        if (_world.Cluster.OwnerOf(target) == this && _hosts[target] is { Partition: { } here } host)
        {
            foreach (var message in _run)
                _world.Coverage.Count(message);
            Deliver(host, here, source, firstSeq, CollectionsMarshal.AsSpan(_run));
        }
        else
        {
            _world.Network.Send(source, target, firstSeq, _run);
        }

        return end;
    }

    /// <summary>A delivery from another node.</summary>
    public void Deliver(int source, int target, long firstSeq, PartitionMessage[] messages)
    {
        if (_hosts[target] is not { Partition: { } partition } host)
            return;
        Deliver(host, partition, source, firstSeq, messages);
    }

    private void Deliver(HostedPartition host, Partition partition, int source, long firstSeq, ReadOnlySpan<PartitionMessage> messages)
    {
        try
        {
            _world.Trace?.Add($"node {Id} partition {host.Id} is delivered {messages.Length} from partition {source}, from number {firstSeq}");
            partition.Deliver(source, firstSeq, messages, NowMs);
            Touch(host);
        }
        catch (Exception) when (IsOvertaken(partition))
        {
            Drop(host, "Another node has claimed the partition.");
        }
    }

    private void Acknowledge(int from, int source, long seq)
    {
        if (_world.Cluster.OwnerOf(source) == this && _hosts[source] is { Partition: { } here })
            here.Acknowledged(from, seq, NowMs);
        else
            _world.Network.Acknowledge(from, source, seq);
    }

    /// <summary>An acknowledgement from another node.</summary>
    public void Acknowledged(int from, int source, long seq) => _hosts[source]?.Partition?.Acknowledged(from, seq, NowMs);

    private void LoadOrder(HostedPartition host, Partition partition, OrderId id) => _world.Database.Read<OrderRow?>(
        this,
        () => _world.Database[host.Id].Orders.TryGetValue(id, out var row) ? row : null,
        row => WithPartition(host, partition, () => partition.OrderLoaded(id, row, NowMs)),
        () => WithPartition(host, partition, () => partition.ReadFailed(id, null)));

    private void FindName(HostedPartition host, Partition partition, UInt128 hash) => _world.Database.Read<OrderId?>(
        this,
        () => _world.Database[host.Id].Names.TryGetValue(hash, out var id) ? id : null,
        id => WithPartition(host, partition, () => partition.NameFound(hash, id, NowMs)),
        () => WithPartition(host, partition, () => partition.ReadFailed(null, hash)));

    private void Checkpoint(HostedPartition host, Partition partition, PartitionCheckpoint checkpoint) =>
        _world.Database.Checkpoint(this, checkpoint, (outcome, isCurrent) => WithPartition(host, partition, () =>
        {
            if (outcome != DatabaseOutcome.Done)
                // The same rows again: a checkpoint is an upsert, so a repeat of an unclear one is harmless.
                _world.Schedule.After(RetryUs, this, () => WithPartition(host, partition, () => Checkpoint(host, partition, checkpoint)));
            else if (isCurrent)
                partition.Checkpointed();
            else
                Drop(host, "Another node has claimed the partition.");
        }));

    // Answers to an incarnation that is gone: its successor asks again by itself.
    private void WithPartition(HostedPartition host, Partition partition, Action run)
    {
        if (!ReferenceEquals(host.Partition, partition))
            return;
        Guard(host, partition, static (_, run) => run(), run);
    }
}
