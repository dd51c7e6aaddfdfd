using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;

namespace Millrace.Feed;

/// <summary>
/// The newest entries of one log, read and decoded once for all who follow closely, which those do who are awake. Who is further behind reads for himself, so
/// that he neither waits for the others nor takes the place of what they read. Thread-safe.
/// </summary>
/// <param name="journal">Where the log is.</param>
/// <param name="log">Its number.</param>
/// <param name="mostBytes">Of payloads that are kept, or one entry; decoded they take several times as much.</param>
internal sealed class LogTail(IJournalFeed journal, int log, int mostBytes)
{
    // Read with one question, and given out at once.
    private const int Chunk = 128;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly LinkedList<ToldEntry> _entries = new();
    private long _start = -1;
    private long _end = -1;
    private long _bytes;

    /// <param name="after">A position of this log.</param>
    /// <param name="end">One that is told as durable.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="StoreUnavailableException">The log cannot be read on from where it was.</exception>
    public async IAsyncEnumerable<ToldEntry> ReadAsync(long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (after < end && await NextAsync(after, end, cancellation).ConfigureAwait(false) is { } chunk)
        {
            foreach (var entry in chunk)
                yield return entry;
            after = chunk[^1].End;
        }

        if (after >= end)
            yield break;
        await foreach (var entry in journal.ReadLogAsync(log, after, end, cancellation).ConfigureAwait(false))
            yield return ToldEntry.Of(entry);
    }

    /// <returns>At least one entry; null for who must read for himself.</returns>
    private async Task<List<ToldEntry>?> NextAsync(long after, long end, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (after < _start)
                return null;
            if (after > _end)
                BeginAt(after);
            if (after == _end)
                await GrowAsync(end, cancellation).ConfigureAwait(false);
            return After(after, end);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Nobody has asked for what is between.
    private void BeginAt(long position)
    {
        _entries.Clear();
        (_start, _end, _bytes) = (position, position, 0);
    }

    private async Task GrowAsync(long end, CancellationToken cancellation)
    {
        var (read, readBytes) = (0, 0L);
        await foreach (var entry in journal.ReadLogAsync(log, _end, end, cancellation).ConfigureAwait(false))
        {
            var told = ToldEntry.Of(entry);
            _entries.AddLast(told);
            (_end, _bytes, readBytes) = (told.End, _bytes + told.Bytes, readBytes + told.Bytes);
            // What was just read is given out first.
            if (++read == Chunk || readBytes >= mostBytes)
                break;
        }

        while (_bytes > mostBytes && _entries.Count > read)
        {
            var oldest = _entries.First!.Value;
            _entries.RemoveFirst();
            (_start, _bytes) = (oldest.End, _bytes - oldest.Bytes);
        }
    }

    private List<ToldEntry>? After(long position, long end)
    {
        // From the newest on back: that is where those are who ask.
        var node = _entries.Last;
        while (node is not null && node.Value.End > position)
            node = node.Previous;
        var chunk = new List<ToldEntry>();
        for (node = node is null ? _entries.First : node.Next; node is not null && node.Value.End <= end && chunk.Count < Chunk; node = node.Next)
            chunk.Add(node.Value);
        return chunk.Count > 0 ? chunk : null;
    }
}
