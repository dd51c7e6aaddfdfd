namespace Millrace.Tests.EndToEnd;

/// <summary>Waits for a condition, never for a time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    /// <summary>Reads until what is read satisfies; the last thing read is in the message of a failure.</summary>
    public static async Task<T> AsyncOf<T>(Func<Task<T>> read, Func<T, bool> isDone, string claim, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Limit);
        using var poll = new PeriodicTimer(Pause);
        while (true)
        {
            var seen = await read();
            if (isDone(seen))
                return seen;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"Not within {within ?? Limit}: {claim}. Last seen: {seen}");
            await poll.WaitForNextTickAsync();
        }
    }

    public static Task Async(Func<Task<bool>> isDone, string claim, TimeSpan? within = null) => AsyncOf(isDone, done => done, claim, within);
}
