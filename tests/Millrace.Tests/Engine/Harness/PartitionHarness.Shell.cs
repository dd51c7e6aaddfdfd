using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>What a shell does with a partition's outputs. Each is checked against the journal: nothing leaves before its commit.</summary>
internal sealed partial class PartitionHarness
{
    private void Drain(int id)
    {
        var (partition, incarnation) = (_partitions[id], _incarnations[id]);
        var outputs = partition.Outputs;
        foreach (var (sink, reply, _) in outputs.Replies)
        {
            IsDurable(reply);
            sink.Complete(reply);
        }

        DrainMessages(id, outputs);
        foreach (var ack in outputs.Acknowledgements)
        {
            Assert.True(ack.Seq == 0 || Journal.HasReceived(id, ack.Source, ack.Seq), "An acknowledgement ran ahead of the journal.");
            Post(ack.Source, () => _partitions[ack.Source].Acknowledged(id, ack.Seq, NowMs));
        }

        foreach (var request in outputs.Payments)
        {
            Assert.True(Journal.HasPayment(request.IdempotencyKey), $"{request.IdempotencyKey} is paid before it is durable.");
            // The request is on the wire: a crash of its sender does not stop it. Its answer dies with the sender.
            ToPsp(id, () =>
            {
                var outcome = Psp.Execute(request, NowMs);
                Later(id, incarnation, () => partition.CompletePayment(request, outcome, NowMs));
            });
        }

        foreach (var order in outputs.OrderLoads)
            Later(id, incarnation, () => Read(() => partition.OrderLoaded(order, ReadModel.FindOrder(order), NowMs), () => partition.ReadFailed(order, null)));
        foreach (var hash in outputs.NameLookups)
            Later(id, incarnation, () => Read(() => partition.NameFound(hash, ReadModel.FindName(id, hash), NowMs), () => partition.ReadFailed(null, hash)));
        if (outputs.Checkpoint is { } checkpoint)
        {
            Assert.True(checkpoint.Seq <= Journal.Head(id).Seq, "A checkpoint ran ahead of the journal.");
            Assert.All(checkpoint.Orders, row => Assert.True(Journal.Has(row.Id, row.Version)));
            if (!IsReadModelAway)
            {
                Later(id, incarnation, () =>
                {
                    ReadModel.Write(checkpoint);
                    partition.Checkpointed();
                });
            }
        }

        outputs.Clear();
        if (partition.TakeBatch() is { } batch)
        {
            _inFlight[id] = batch;
            Later(id, incarnation, () => Commit(id, partition));
        }
    }

    private void ToPsp(int id, Action execute)
    {
        if (IsPspSlow)
            _atPsp.Add((id, execute));
        else
            Later(id, null, execute);
    }

    private void DrainMessages(int id, PartitionOutputs outputs)
    {
        foreach (var channel in outputs.Messages.GroupBy(m => m.Target))
        {
            var first = channel.First().Seq;
            var messages = new List<PartitionMessage>();
            foreach (var message in channel)
            {
                // A new message may have left in the same turn as a repeat of older ones.
                if (message.Seq != first + messages.Count)
                {
                    Deliver(id, channel.Key, first, messages);
                    (first, messages) = (message.Seq, []);
                }

                messages.Add(RoundTrip(message.Message));
            }

            Deliver(id, channel.Key, first, messages);
        }
    }

    private void Deliver(int source, int target, long first, List<PartitionMessage> messages) =>
        Post(target, () => _partitions[target].Deliver(source, first, messages.ToArray(), NowMs));

    private void Post(int target, Action run)
    {
        if (Faults is not { } faults || !faults.Happens(faults.LoseMessage))
            Later(target, null, run);
    }

    private void Read(Action found, Action failed)
    {
        if (Faults is { } faults && faults.Happens(faults.FailRead))
            failed();
        else
            found();
    }

    private void Commit(int id, Partition partition)
    {
        var batch = _inFlight[id]!;
        if (Faults is { } faults && faults.Happens(faults.FailCommit))
        {
            partition.RefuseWaiting("disk full");
            Later(id, _incarnations[id], () => Commit(id, partition));
            return;
        }

        BeforeAppend?.Invoke(batch);
        if (!Journal.IsCurrent(id, batch.Epoch))
            return;
        Journal.Append(batch);
        _inFlight[id] = null;
        BeforeCommitted?.Invoke(batch);
        if (Journal.IsCurrent(id, batch.Epoch))
        {
            partition.Committed(NowMs);
            AfterCommitted?.Invoke(batch);
        }
    }

    private void IsDurable(PartitionReply reply)
    {
        if (reply.Order is { } order)
            Assert.True(Journal.Has(order.Id, order.Version), $"Version {order.Version} of {order.Id} is shown before it is durable.");
    }

    private static PartitionMessage RoundTrip(PartitionMessage message)
    {
        var writer = new PayloadWriter();
        MessageCodec.Write(writer, message);
        var reader = new PayloadReader(writer.Written);
        return MessageCodec.Read(ref reader);
    }
}
