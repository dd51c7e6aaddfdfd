using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Engine.Partitions;

namespace Millrace.Cluster.Lanes;

/// <summary>What leaves the partitions, and where it goes.</summary>
internal sealed partial class Lane
{
    private void DrainTouched(long nowMs)
    {
        // Delivering within the lane touches other partitions; every one is visited until none has anything to say.
        while (_touched.TryDequeue(out var host))
        {
            host.IsTouched = false;
            if (host.Partition is { } partition)
                Drain(host, partition, nowMs);
        }
    }

    private void Drain(PartitionHost host, Partition partition, long nowMs)
    {
        var outputs = partition.Outputs;
        // First: a partition delivers to itself too, and what it takes may ask for a read, which stands in the lists below.
        var messages = outputs.Messages;
        for (var i = 0; i < messages.Count;)
            i = DeliverRun(partition.Id, messages, i, nowMs);
        foreach (var (source, seq) in outputs.Acknowledgements)
            Acknowledge(partition.Id, source, seq, nowMs);
        // Before the replies: who is told that an item exists may order it at once.
        foreach (var item in outputs.ChangedItems)
            _runtime.Catalog.Publish(item, nowMs);
        foreach (var reply in outputs.Replies)
            Answer(host, reply);
        foreach (var payment in outputs.Payments)
            _runtime.Pay(this, partition, payment, host.Life);
        foreach (var order in outputs.OrderLoads)
            _runtime.LoadOrder(this, partition, order);
        foreach (var hash in outputs.NameLookups)
            _runtime.FindName(this, partition, hash);
        foreach (var order in outputs.Settled)
            _runtime.Metrics.Settled(order, nowMs);
        if (outputs.Checkpoint is { } checkpoint)
            _runtime.Checkpoint(this, partition, checkpoint, nowMs);
        if (_runtime.OrderChanged is { } changed)
            Tell(changed, outputs);
        outputs.Clear();
    }

    // A checkpoint shows every change; the others come first because somebody waits for them.
    private static void Tell(Action<OrderId, int> changed, PartitionOutputs outputs)
    {
        foreach (var order in outputs.Settled)
            changed(order.Id, order.Version);
        for (var i = 0; i < outputs.Checkpoint?.Orders.Count; i++)
            changed(outputs.Checkpoint.Orders[i].Id, outputs.Checkpoint.Orders[i].Version);
    }

    // A run of messages that follow one another in one channel travels together.
    private int DeliverRun(int source, List<OutgoingMessage> messages, int start, long nowMs)
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

        if (_hosts[target] is { Partition: not null, Stopping: null } host)
            DeliverHere(host, source, firstSeq, nowMs);
        else
            _runtime.Deliver(source, target, firstSeq, _run);
        return end;
    }

    // Between partitions of one lane nothing is wrapped, queued or copied.
    private void DeliverHere(PartitionHost host, int source, long firstSeq, long nowMs)
    {
        try
        {
            host.Partition!.Deliver(source, firstSeq, CollectionsMarshal.AsSpan(_run), nowMs);
            Touch(host);
        }
        catch (Exception failure)
        {
            Suspect(host, failure);
        }
    }

    private void Acknowledge(int from, int source, long seq, long nowMs)
    {
        if (_hosts[source]?.Partition is { } partition)
            partition.Acknowledged(from, seq, nowMs);
        else
            _runtime.Acknowledge(from, source, seq);
    }
}
