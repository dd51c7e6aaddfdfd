using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Stores;

namespace Millrace.Simulation.Nodes;

/// <summary>How a partition comes to this node, and leaves it.</summary>
internal sealed partial class SimulatedNode
{
    /// <summary>Claims first; then reads the checkpoint; then the tail; then serves. Does nothing when it is here already.</summary>
    public void Start(int partition)
    {
        if (_hosts[partition] is not null)
            return;
        var host = _hosts[partition] = new HostedPartition(partition);
        Claim(host);
    }

    /// <summary>Takes no more requests, makes durable what was decided, and lets go.</summary>
    public void Stop(int partition)
    {
        if (_hosts[partition] is not { } host)
            return;
        host.IsStopping = true;
        TryFinishStop(host);
    }

    private void TryFinishStop(HostedPartition host)
    {
        if (host.IsStopping && !_isGroupInFlight && host.Partition is not { HasPending: true })
            Drop(host, "The partition is handed over.");
    }

    private bool IsHere(HostedPartition host) => ReferenceEquals(_hosts[host.Id], host);

    private void Claim(HostedPartition host) => _world.Database.Claim(this, host.Id, (outcome, claim) =>
    {
        if (!IsHere(host))
            return;
        if (outcome == DatabaseOutcome.Done)
            Load(host, claim);
        else
            TryLater(host, () => Claim(host));
    });

    private void Load(HostedPartition host, JournalClaim claim) => _world.Database.Read(
        this,
        () => _world.Database[host.Id].Snapshot(),
        snapshot => RunIfHere(host, () => ReadTail(host, claim, snapshot)),
        () => TryLater(host, () => Load(host, claim)));

    private void ReadTail(HostedPartition host, JournalClaim claim, PartitionSnapshot snapshot) => _world.Database.Read(
        this,
        () => RecoverUnlessOvertaken(host.Id, claim, snapshot),
        recovered => RunIfHere(host, () => Serve(host, recovered, claim)),
        () => TryLater(host, () => ReadTail(host, claim, snapshot)));

    // Null when another has claimed it meanwhile. Asked after everything is read: while the epoch stands nobody else writes, so rows that were
    // read at several moments are of one; without that an overtaken owner may mix old and new, and send what it derives from both.
    private Partition? RecoverUnlessOvertaken(int id, JournalClaim claim, PartitionSnapshot snapshot)
    {
        if (_world.Database[id].Epoch == claim.Epoch)
            return Recover(id, claim, snapshot);
        _world.Coverage.Count("recovery.overtaken");
        return null;
    }

    private Partition Recover(int id, JournalClaim claim, PartitionSnapshot snapshot)
    {
        var tables = _world.Database[id];
        var partition = new Partition(id, _world.Map, _world.Options, claim);
        partition.Restore(snapshot);
        _world.Coverage.Count(snapshot.Seq == 0 ? "recovery.without_checkpoint" : "recovery.with_checkpoint");
        foreach (var row in tables.Batches)
        {
            var (batch, records) = (row.Batch, row.ReadableTo(NewestFormat));
            if (batch.FirstSeq <= snapshot.Seq)
                continue;
            if (batch.FirstSeq > claim.Seq)
                break;
            _world.Coverage.Count("recovery.tail");
            foreach (var order in partition.NeededFor(records))
                partition.RestoreCold(tables.Orders[order]);
            partition.Replay(batch, records);
        }

        return partition;
    }

    private void Serve(HostedPartition host, Partition? recovered, JournalClaim claim)
    {
        if (recovered is null)
        {
            Drop(host, "Another node has claimed the partition.");
            return;
        }

        recovered.Recovered(claim, NowMs);
        host.Partition = recovered;
        _world.Trace?.Add($"node {Id} serves partition {host.Id} from {claim.Seq} as epoch {claim.Epoch}");
        if (recovered.NeedsNames)
            ReadNames(host, recovered);
        Touch(host);
    }

    private void ReadNames(HostedPartition host, Partition partition) => _world.Database.Read(
        this,
        () => _world.Database[host.Id].NamesFilter(),
        // A large partition's take a while, and it serves meanwhile.
        names => _world.Schedule.After(_world.Database.NamesUs, this, () => WithPartition(host, partition, () =>
        {
            _world.Coverage.Count("recovery.names");
            partition.NamesRead(names);
        })),
        () => _world.Schedule.After(RetryUs, this, () => WithPartition(host, partition, () => ReadNames(host, partition))));

    private void TryLater(HostedPartition host, Action run) => _world.Schedule.After(RetryUs, this, () => RunIfHere(host, run));

    private void RunIfHere(HostedPartition host, Action run)
    {
        if (IsHere(host))
            run();
    }

    // The incarnation is thrown away; nobody who waits is left without an answer.
    private void Drop(HostedPartition host, string reason)
    {
        _world.Trace?.Add($"node {Id} drops partition {host.Id}: {reason}");
        _hosts[host.Id] = null;
        Answer(host.Unconfirmed, isConfirmed: false);
        if (host.Partition is not { } partition)
            return;
        host.Partition = null;
        foreach (var (sink, reply, _) in partition.Abandon(reason))
            sink.Complete(reply);
    }
}
