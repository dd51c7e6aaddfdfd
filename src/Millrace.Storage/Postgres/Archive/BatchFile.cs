using System.Buffers.Binary;
using System.IO.Compression;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>
/// Batches one after another, compressed with gzip. Each is 64 bytes, little-endian (partition, epoch, first and last sequence, previous
/// chain, chain, length of the payload), and the payload as the journal had it.
/// </summary>
internal static class BatchFile
{
    public const string Name = "batches.gz";

    private const int HeadBytes = 4 + 8 + 8 + 8 + 16 + 16 + 4;
    // Far above any batch, and what one can hold in memory: a length that was damaged asks for no more.
    private const int MostPayloadBytes = 1 << 30;

    public static GZipStream Compress(Stream file) => new(file, CompressionLevel.Optimal, leaveOpen: true);

    public static async Task WriteAsync(Stream stream, PartitionBatch batch, CancellationToken cancellation)
    {
        var head = new byte[HeadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, batch.Partition);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(4), batch.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(12), batch.FirstSeq);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(20), batch.LastSeq);
        BinaryPrimitives.WriteUInt128LittleEndian(head.AsSpan(28), batch.PreviousChain);
        BinaryPrimitives.WriteUInt128LittleEndian(head.AsSpan(44), batch.Chain);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(60), batch.Payload.Length);
        await stream.WriteAsync(head, cancellation).ConfigureAwait(false);
        await stream.WriteAsync(batch.Payload, cancellation).ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">The file ends in the middle of a batch, or is no gzip file.</exception>
    public static async IAsyncEnumerable<PartitionBatch> ReadAsync(
        string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        using var file = File.OpenRead(path);
        using var stream = new GZipStream(file, CompressionMode.Decompress);
        var head = new byte[HeadBytes];
        for (int read; (read = await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellation).ConfigureAwait(false)) > 0;)
        {
            var length = read == HeadBytes ? BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(60)) : -1;
            if (length is < 0 or > MostPayloadBytes)
                throw new InvalidDataException($"{path} is damaged.");
            var payload = new byte[length];
            if (await stream.ReadAtLeastAsync(payload, length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false) < length)
                throw new InvalidDataException($"{path} ends in the middle of a batch.");
            yield return new PartitionBatch(
                BinaryPrimitives.ReadInt32LittleEndian(head), BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(4)),
                BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(12)), BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(20)),
                BinaryPrimitives.ReadUInt128LittleEndian(head.AsSpan(28)), BinaryPrimitives.ReadUInt128LittleEndian(head.AsSpan(44)), payload);
        }
    }
}
