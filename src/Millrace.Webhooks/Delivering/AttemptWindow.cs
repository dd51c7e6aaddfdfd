using Millrace.Webhooks.Sending;

namespace Millrace.Webhooks.Delivering;

/// <summary>
/// How many attempts at one receiver may be in flight: one more after each that it answered, half as many after one that it did not, or that it was too busy for. A
/// receiver that is slow is not made slower, and one that is dead takes little from the others. Thread-safe.
/// </summary>
internal sealed class AttemptWindow
{
    public const int Most = 8;

    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _turns = new();
    private double _size = 1;
    private int _inside;

    public int Inside
    {
        get
        {
            lock (_lock)
                return _inside;
        }
    }

    public async Task EnterAsync(CancellationToken cancellation)
    {
        TaskCompletionSource turn;
        lock (_lock)
        {
            if (_turns.Count == 0 && _inside < (int)_size)
            {
                _inside++;
                return;
            }

            _turns.Enqueue(turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        await using var registration = cancellation.Register(() => turn.TrySetCanceled(cancellation));
        await turn.Task;
    }

    /// <param name="result">Null when the attempt was given up.</param>
    public void Leave(SendResult? result)
    {
        lock (_lock)
        {
            _inside--;
            if (result is not null)
                _size = IsTooMuch(result) ? Math.Max(1, _size / 2) : Math.Min(Most, _size + 1);
            while (_inside < (int)_size && _turns.TryDequeue(out var turn))
            {
                // Who was canceled meanwhile has gone.
                if (turn.TrySetResult())
                    _inside++;
            }
        }
    }

    private static bool IsTooMuch(SendResult result) => result is { Status: null or 429 or 502 or 503 or 504 };
}
