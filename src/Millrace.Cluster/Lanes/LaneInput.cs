using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

internal enum LaneInputKind
{
    Request,
    GroupWritten,
    PaymentDone,
    Delivery,
    Acknowledgement,
    OrderRead,
    NameRead,
    ReadFailed,
    NamesRead,
    NamesFailed,
    CheckpointStored,
    CheckpointFailed,
    Fenced,
    Start,
    Recovered,
    RecoveryFailed,
    Stop,
    Confirmed,
    Judged,
    Run,
}

/// <summary>One input of a lane. A struct with roles instead of a class per kind: several hundred thousand a second.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LaneInput(LaneInputKind Kind, int Partition)
{
    /// <summary>The incarnation an answer belongs to; an answer to an earlier one is dropped.</summary>
    public Partition? Incarnation { get; init; }

    public object? Payload { get; init; }

    public object? Second { get; init; }

    public int Peer { get; init; }

    /// <summary>Of a delivery or its acknowledgement; of a recovery's result, its attempt.</summary>
    public long ChannelSeq { get; init; }

    public UInt128 NameHash { get; init; }

    public OrderId Order { get; init; }

    public static LaneInput Of(int partition, PartitionRequest request, ReplySink sink) =>
        new(LaneInputKind.Request, partition) { Payload = request, Second = sink };

    public static LaneInput Of(Partition incarnation, PaymentRequest request, PaymentOutcome outcome) =>
        new(LaneInputKind.PaymentDone, incarnation.Id) { Incarnation = incarnation, Payload = request, Second = outcome };

    public static LaneInput Of(Partition incarnation, OrderId id, OrderRow? row) =>
        new(LaneInputKind.OrderRead, incarnation.Id) { Incarnation = incarnation, Order = id, Payload = row };

    public static LaneInput Of(Partition incarnation, UInt128 hash, OrderId? owner) =>
        new(LaneInputKind.NameRead, incarnation.Id) { Incarnation = incarnation, NameHash = hash, Payload = owner };
}

/// <summary>What became of a group that was handed to the journal writer.</summary>
/// <param name="Writer">Its number.</param>
/// <param name="Group">All of one writer.</param>
/// <param name="Outcomes">One a batch; null when the commit failed as a whole.</param>
/// <param name="Failure">Why it failed as a whole.</param>
internal sealed record GroupResult(int Writer, IReadOnlyList<PartitionBatch> Group, AppendOutcome[]? Outcomes, Exception? Failure);
