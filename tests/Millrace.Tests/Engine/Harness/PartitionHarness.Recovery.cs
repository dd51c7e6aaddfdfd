using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;

namespace Millrace.Tests.Engine.Harness;

internal sealed partial class PartitionHarness
{
    /// <summary>Everything of the partition that is not durable is gone; a new incarnation takes over.</summary>
    /// <param name="isInFlightDurable">The batch in flight was written though nobody heard of it.</param>
    public void Crash(int id, bool isInFlightDurable = false)
    {
        if (isInFlightDurable && _inFlight[id] is { } batch && Journal.IsCurrent(id, batch.Epoch))
            Journal.Append(batch);
        var old = _partitions[id];
        Start(id);
        foreach (var (sink, reply, _) in old.Abandon("crashed"))
            sink.Complete(reply);
        Drain(id);
    }

    /// <summary>The partition as it is after recovery, apart from the running one.</summary>
    public Partition Recovered(int id, bool ignoreCheckpoint = false)
    {
        var partition = Recover(id, Journal.Head(id), ignoreCheckpoint);
        if (partition.NeedsNames)
            partition.NamesRead(ReadModel.Names(id));
        return partition;
    }

    private Partition Recover(int id, JournalClaim claim, bool ignoreCheckpoint = false)
    {
        var partition = new Partition(id, Map, _options, claim);
        if (!ignoreCheckpoint)
            partition.Restore(ReadModel.Load(id));
        foreach (var batch in Journal.Of(id).Where(b => ignoreCheckpoint || b.FirstSeq > ReadModel.SeqOf(id)))
        {
            var records = RecordCodec.Read(batch.Payload);
            foreach (var order in partition.NeededFor(records))
                partition.RestoreCold(ReadModel.FindOrder(order)!.Value);
            partition.Replay(batch, records);
        }

        partition.Recovered(claim, NowMs);
        return partition;
    }

    private void Start(int id)
    {
        _incarnations[id]++;
        _inFlight[id] = null;
        var partition = _partitions[id] = Recover(id, Journal.Claim(id));
        if (partition.NeedsNames)
            Later(id, _incarnations[id], () => partition.NamesRead(ReadModel.Names(id)));
    }
}
