using System.Text.Json;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Record;

internal sealed partial class RecordFile
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads every line in order, cuts off a torn last one, and opens for appending. Called once, first.</summary>
    /// <exception cref="InvalidDataException">A line before the last is not an operation: the file is damaged or not ours.</exception>
    public void Recover(Action<Operation> apply)
    {
        var length = RandomAccess.GetLength(_file);
        var buffer = new byte[ChunkBytes];
        var (kept, carried) = (0L, 0);
        while (kept + carried < length)
        {
            if (carried == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var read = RandomAccess.Read(_file, buffer.AsSpan(carried), kept + carried);
            if (read == 0)
                break;
            var consumed = ApplyLines(buffer.AsSpan(0, carried + read), kept, apply);
            kept += consumed;
            carried += read - consumed;
            buffer.AsSpan(consumed, carried).CopyTo(buffer);
        }

        CutTail(kept, length);
        _durableLength = kept;
        _flusher.Start();
        _isRecovered = true;
    }

    /// <summary>Sends the durable lines as they are. Later lines are left out, so the stream ends.</summary>
    public async Task CopyToAsync(Stream destination, CancellationToken cancellation)
    {
        var end = Volatile.Read(ref _durableLength);
        var buffer = new byte[ChunkBytes];
        for (var at = 0L; at < end;)
        {
            var want = (int)Math.Min(buffer.Length, end - at);
            var read = await RandomAccess.ReadAsync(_file, buffer.AsMemory(0, want), at, cancellation);
            if (read == 0)
                throw new EndOfStreamException("The record is shorter than what was written to it.");
            await destination.WriteAsync(buffer.AsMemory(0, read), cancellation);
            at += read;
        }
    }

    /// <summary>Whole durable lines from a place on, as many as fit in a megabyte; none at the end.</summary>
    /// <param name="after">0, or where a line ended.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <returns>Null when no line begins there.</returns>
    public async Task<(ReadOnlyMemory<byte> Lines, bool HasMore)?> ReadAfterAsync(long after, CancellationToken cancellation)
    {
        // With the byte before, which ends a line.
        var (end, from) = (Volatile.Read(ref _durableLength), Math.Max(after - 1, 0));
        if (after > end)
            return null;
        var buffer = new byte[(int)Math.Min(ChunkBytes, end - from)];
        var read = 0;
        for (int count; read < buffer.Length && (count = await RandomAccess.ReadAsync(_file, buffer.AsMemory(read), from + read, cancellation)) > 0;)
            read += count;
        if (after > 0 && (read == 0 || buffer[0] != (byte)'\n'))
            return null;
        var first = (int)(after - from);
        var last = buffer.AsSpan(0, read).LastIndexOf((byte)'\n');
        var lines = last < first ? default : buffer.AsMemory(first, last + 1 - first);
        return (lines, after + lines.Length < end);
    }

    private static int ApplyLines(ReadOnlySpan<byte> bytes, long position, Action<Operation> apply)
    {
        var consumed = 0;
        for (int end; (end = bytes[consumed..].IndexOf((byte)'\n')) >= 0; consumed += end + 1)
            apply(Parse(bytes.Slice(consumed, end), position + consumed));
        return consumed;
    }

    private static Operation Parse(ReadOnlySpan<byte> line, long position)
    {
        try
        {
            return JsonSerializer.Deserialize(line, PspJson.Default.Operation) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{FileName} is damaged at byte {position}: {exception.Message}", exception);
        }
    }

    private void CutTail(long kept, long length)
    {
        if (kept == length)
            return;
        LogTornTail(_log, length - kept);
        RandomAccess.SetLength(_file, kept);
        RandomAccess.FlushToDisk(_file);
    }
}
