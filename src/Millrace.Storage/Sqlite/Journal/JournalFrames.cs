using System.Buffers.Binary;
using System.IO.Hashing;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite.Journal;

/// <summary>
/// The blob of a journal row: the batches of one commit, each a frame of header and payload. Little-endian:
/// magic 4, index 4, count 4, partition 4, epoch 8, first 8, last 8, previous chain 16, chain 16, payload length 4,
/// zero 4, header checksum 8. Index and count show a row cut between two frames; the checksum is seeded with the row's
/// position, so a row in another's place is found. The payload is covered by the chain.
/// </summary>
internal sealed class JournalFrames
{
    public const int HeaderLength = 88;
    private const int CheckedLength = HeaderLength - 8;
    private const uint Magic = 0x314A524D;

    /// <summary>A commit larger than this is rare; its buffer is given back.</summary>
    private const int KeptBufferLength = 8 * 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private int _index;
    private int _count;
    private long _position;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>Begins the row at <paramref name="position"/> that will hold <paramref name="count"/> batches.</summary>
    public void Start(long position, int count)
    {
        if (_buffer.Length > KeptBufferLength)
            _buffer = new byte[64 * 1024];
        (_position, _count, _index, _length) = (position, count, 0, 0);
    }

    public void Add(PartitionBatch batch)
    {
        var end = checked(_length + HeaderLength + batch.Payload.Length);
        if (end > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(end, (int)Math.Min(_buffer.Length * 2L, Array.MaxLength)));
        WriteHeader(_buffer.AsSpan(_length, HeaderLength), batch);
        batch.Payload.Span.CopyTo(_buffer.AsSpan(_length + HeaderLength));
        _length = end;
        _index++;
    }

    /// <summary>Adds what can be read to <paramref name="batches"/>. Payloads are copied, and not yet checked.</summary>
    /// <param name="position">The row's position.</param>
    /// <param name="row">Its bytes.</param>
    /// <param name="only">Only batches of this partition; null for all.</param>
    /// <param name="partitionCount">No partition is at or above it.</param>
    /// <param name="batches">Receives the batches in order.</param>
    /// <returns>False when frames are missing or a header cannot be read: what follows it in the row is unknown.</returns>
    public static bool Read(
        long position, ReadOnlySpan<byte> row, int? only, int partitionCount, List<PartitionBatch> batches)
    {
        var count = 1;
        for (var index = 0; index < count; index++)
        {
            if (row.Length < HeaderLength || !IsHeader(position, index, row, partitionCount))
                return false;
            count = BinaryPrimitives.ReadInt32LittleEndian(row[8..]);
            var partition = BinaryPrimitives.ReadInt32LittleEndian(row[12..]);
            var length = BinaryPrimitives.ReadInt32LittleEndian(row[72..]);

            // Cut inside a payload: what is left of it fails the batch's chain, so the damage finds its partition.
            var payload = row.Slice(HeaderLength, Math.Min(length, row.Length - HeaderLength));
            if (only is null || partition == only)
                batches.Add(ReadBatch(row, partition, payload));
            row = row[(HeaderLength + payload.Length)..];
        }

        return row.IsEmpty;
    }

    private void WriteHeader(Span<byte> header, PartitionBatch batch)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], _index);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], _count);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], batch.Partition);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], batch.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], batch.FirstSeq);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], batch.LastSeq);
        BinaryPrimitives.WriteUInt128LittleEndian(header[40..], batch.PreviousChain);
        BinaryPrimitives.WriteUInt128LittleEndian(header[56..], batch.Chain);
        BinaryPrimitives.WriteInt32LittleEndian(header[72..], batch.Payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[76..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header[80..], XxHash3.HashToUInt64(header[..CheckedLength], _position));
    }

    private static bool IsHeader(long position, int index, ReadOnlySpan<byte> row, int partitionCount) =>
        BinaryPrimitives.ReadUInt32LittleEndian(row) == Magic
        && BinaryPrimitives.ReadUInt64LittleEndian(row[80..]) == XxHash3.HashToUInt64(row[..CheckedLength], position)
        && BinaryPrimitives.ReadInt32LittleEndian(row[4..]) == index
        && (uint)BinaryPrimitives.ReadInt32LittleEndian(row[12..]) < (uint)partitionCount;

    private static PartitionBatch ReadBatch(ReadOnlySpan<byte> row, int partition, ReadOnlySpan<byte> payload) => new(
        partition,
        BinaryPrimitives.ReadInt64LittleEndian(row[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(row[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(row[32..]),
        BinaryPrimitives.ReadUInt128LittleEndian(row[40..]),
        BinaryPrimitives.ReadUInt128LittleEndian(row[56..]),
        payload.ToArray());
}
