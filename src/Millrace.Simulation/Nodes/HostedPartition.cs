using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;

namespace Millrace.Simulation.Nodes;

/// <summary>A partition on a node, from the moment the node starts to claim it.</summary>
internal sealed class HostedPartition(int id)
{
    public int Id { get; } = id;

    /// <summary>Null while it recovers, and once it is dropped.</summary>
    public Partition? Partition { get; set; }

    /// <summary>A batch that the database refused, to be tried again.</summary>
    public PartitionBatch? Refused { get; set; }

    public bool IsStopping { get; set; }

    public bool IsTouched { get; set; }

    /// <summary>Answers that rest on no new commit: they leave once the database has said that the partition is still this node's.</summary>
    public List<OutgoingReply> Unconfirmed { get; set; } = [];
}
