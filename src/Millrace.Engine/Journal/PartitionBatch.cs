using System.Buffers.Binary;
using System.IO.Hashing;

namespace Millrace.Engine.Journal;

/// <summary>
/// The unit that is appended: the records of many commands of one partition, all or none of which become durable.
/// </summary>
/// <param name="Partition">The partition that wrote it.</param>
/// <param name="Epoch">The claim under which it was written.</param>
/// <param name="FirstSeq">Sequence of its first record; one above the last record before it. The first ever is 1.</param>
/// <param name="LastSeq">Sequence of its last record.</param>
/// <param name="PreviousChain">Chain value of the batch before it.</param>
/// <param name="Chain"><see cref="ComputeChain"/> over this batch.</param>
/// <param name="Payload">Versioned binary; see <c>Codec/</c>.</param>
public sealed record PartitionBatch(
    int Partition,
    long Epoch,
    long FirstSeq,
    long LastSeq,
    UInt128 PreviousChain,
    UInt128 Chain,
    ReadOnlyMemory<byte> Payload)
{
    /// <summary>
    /// Finds a batch again after an ambiguous commit. An epoch never writes a sequence twice, so the triple is unique.
    /// </summary>
    public (int Partition, long Epoch, long FirstSeq) BatchId => (Partition, Epoch, FirstSeq);

    /// <summary>XXH3-128 over the previous chain value, the position and the payload: it finds any flipped byte
    /// and any batch that stands in the wrong place. It is no defence against a forger, who is outside the fault model.</summary>
    public static UInt128 ComputeChain(
        UInt128 previous, int partition, long epoch, long firstSeq, long lastSeq, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[16 + 4 + 8 + 8 + 8];
        BinaryPrimitives.WriteUInt128LittleEndian(head, previous);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], partition);
        BinaryPrimitives.WriteInt64LittleEndian(head[20..], epoch);
        BinaryPrimitives.WriteInt64LittleEndian(head[28..], firstSeq);
        BinaryPrimitives.WriteInt64LittleEndian(head[36..], lastSeq);
        var seed = (long)XxHash3.HashToUInt64(head);
        return XxHash128.HashToUInt128(payload, seed);
    }

    /// <summary>Whether the batch carries the chain that its content gives.</summary>
    public bool IsIntact() =>
        Chain == ComputeChain(PreviousChain, Partition, Epoch, FirstSeq, LastSeq, Payload.Span);
}
