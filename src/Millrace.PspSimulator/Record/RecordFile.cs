using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Record;

/// <summary>
/// The append-only file <c>psp.ndjson</c>, one operation a line. Lines that arrive while the disk is busy share the
/// next flush. After the first failed write nothing is acknowledged any more: memory is then ahead of the disk, and
/// only a restart brings them together. The waiting lines are bounded by the server's connection limit, as each
/// connection waits for its line before it can send another.
/// </summary>
internal sealed partial class RecordFile : IDisposable
{
    public const string FileName = "psp.ndjson";

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly SafeFileHandle _file;
    private readonly Thread _flusher;
    private readonly ILogger _log;
    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _writing = new();
    private TaskCompletionSource _next = NewBatch();
    private Task _last = Task.CompletedTask;
    private bool _isRecovered;
    private bool _isClosing;
    private long _durableLength;

    /// <exception cref="IOException">The folder cannot be used, or another process has the record open.</exception>
    public RecordFile(string directory, ILogger<RecordFile> log)
    {
        _log = log;
        Directory.CreateDirectory(directory);
        // FileShare.None is an exclusive lock: two simulators on one record would each miss the other's keys.
        _file = File.OpenHandle(Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        _flusher = new Thread(FlushUntilClosed) { IsBackground = true, Name = "psp-record" };
    }

    /// <summary>Appends in the order of the calls. The task ends when the line is on disk, and fails when it never will be.</summary>
    public Task Append(Operation operation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosing, this);
            if (_last.IsFaulted)
                return _last;
            using (var json = new Utf8JsonWriter(_waiting))
                JsonSerializer.Serialize(json, operation, PspJson.Default.Operation);
            _waiting.Write("\n"u8);
            if (_last != _next.Task)
            {
                _last = _next.Task;
                _work.Release();
            }

            return _last;
        }
    }

    /// <summary>Ends when everything appended so far is on disk.</summary>
    public Task WhenDurable()
    {
        lock (_gate)
            return _last;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosing)
                return;
            _isClosing = true;
        }

        _work.Release();
        if (_isRecovered)
            _flusher.Join();
        _file.Dispose();
        _work.Dispose();
    }

    private void FlushUntilClosed()
    {
        while (true)
        {
            _work.Wait();
            TaskCompletionSource batch;
            lock (_gate)
            {
                if (_waiting.WrittenCount == 0)
                    return;
                (_waiting, _writing) = (_writing, _waiting);
                batch = _next;
                _next = NewBatch();
            }

            if (!TryFlush(batch))
                return;
        }
    }

    private bool TryFlush(TaskCompletionSource batch)
    {
        try
        {
            RandomAccess.Write(_file, _writing.WrittenSpan, _durableLength);
            RandomAccess.FlushToDisk(_file);
            Volatile.Write(ref _durableLength, _durableLength + _writing.WrittenCount);
            _writing.ResetWrittenCount();
            batch.SetResult();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(_log, exception);
            Fail(batch, exception);
            return false;
        }
    }

    private void Fail(TaskCompletionSource batch, Exception exception)
    {
        lock (_gate)
        {
            var failure = new IOException("The record cannot be written; restart the simulator.", exception);
            batch.SetException(failure);
            _next.SetException(failure);
            _last = _next.Task;
        }
    }

    private static TaskCompletionSource NewBatch() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
