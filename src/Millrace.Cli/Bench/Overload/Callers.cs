using System.Diagnostics;
using System.Text;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench.Overload;

/// <summary>
/// Merchants' programs that place orders of one tenant at a rate of their own, whatever the server does: an open loop. Each has one connection. Whoever
/// is refused waits for as long as <c>Retry-After</c> says, and up to as long again, before it asks for anything; it tries an order three times with the same
/// key. What became due more than a second ago is wanted no more.
/// </summary>
internal sealed class Callers(Uri server, string apiKey, int count, bool heedsRetryAfter, Func<Second> now)
{
    private const int Attempts = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterBreak = TimeSpan.FromMilliseconds(500);

    private readonly byte[] _head = Encoding.ASCII.GetBytes(
        $"POST /v1/orders HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {apiKey}\r\nContent-Type: application/json\r\nIdempotency-Key: ");

    private readonly string _run = Guid.NewGuid().ToString("N")[..12];
    private double _rate;

    /// <summary>Orders a second of all together; infinite for as fast as answers come.</summary>
    public double Rate
    {
        get => Volatile.Read(ref _rate);
        set => Volatile.Write(ref _rate, value);
    }

    /// <summary>Until canceled.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, count).Select(n => CallAsync(n, cancellation)));

    private async Task CallAsync(int number, CancellationToken cancellation)
    {
        await Task.Yield();
        var random = new Random(HashCode.Combine(number, server.Port));
        var connection = new RawConnection();
        var due = Stopwatch.GetTimestamp();
        try
        {
            for (var sent = 0; !cancellation.IsCancellationRequested; sent++)
            {
                due = await NextAsync(due, random, cancellation);
                var request = Request($"{_run}-{number}-{sent}", random);
                var from = due;
                for (var attempt = 1; attempt <= Attempts; attempt++)
                {
                    (connection, var wait) = await TryAsync(connection, request, from, cancellation);
                    if (wait is not { } time)
                        break;
                    if (heedsRetryAfter)
                        await Task.Delay(time * (1 + random.NextDouble()), cancellation);
                    from = Stopwatch.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The end of the run.
        }
        finally
        {
            connection.Dispose();
        }
    }

    /// <summary>Waits until the next order is due; those that nobody wants any more are passed over.</summary>
    private async ValueTask<long> NextAsync(long last, Random random, CancellationToken cancellation)
    {
        for (var givenUp = 0L; ;)
        {
            var rate = Rate;
            if (double.IsPositiveInfinity(rate))
                return Stopwatch.GetTimestamp();
            // As of independent shoppers: the gaps are exponential. Such a gap has no memory, so a long one may be drawn anew on the way, and another rate is noticed.
            var gap = TimeSpan.FromSeconds(Math.Min(-Math.Log(1 - random.NextDouble()) * count / Math.Max(rate, 1e-6), 3_600));
            last += (long)((gap < Look ? gap : Look).TotalSeconds * Stopwatch.Frequency);
            var behind = Stopwatch.GetElapsedTime(last);
            if (behind < TimeSpan.Zero)
                await Task.Delay(-behind, cancellation);
            if (gap > Look)
                continue;
            if (behind > Patience)
            {
                givenUp++;
                continue;
            }

            if (givenUp > 0)
                now().GiveUp(givenUp);
            return last;
        }
    }

    /// <returns>How long to wait before another attempt; null when the order has its answer.</returns>
    private async ValueTask<(RawConnection Connection, TimeSpan? Wait)> TryAsync(RawConnection connection, byte[] request, long due, CancellationToken cancellation)
    {
        try
        {
            if (!connection.IsConnected)
                await connection.ConnectAsync(server, cancellation);
            var asked = Stopwatch.GetTimestamp();
            var answer = await connection.SendAsync(request, cancellation);
            var second = now();
            switch (answer.Status)
            {
                case >= 200 and < 300:
                    second.Accept(Stopwatch.GetElapsedTime(asked), Stopwatch.GetElapsedTime(due));
                    return (connection, null);
                case 503:
                    second.Refuse();
                    return (connection, answer.RetryAfter);
                case 429:
                    second.Limit();
                    return (connection, answer.RetryAfter);
                default:
                    second.Fail();
                    return (connection, null);
            }
        }
        catch (Exception broken) when (broken is IOException or System.Net.Sockets.SocketException)
        {
            now().Fail();
            connection.Dispose();
            return (new RawConnection(), AfterBreak);
        }
    }

    private byte[] Request(string key, Random random)
    {
        var body = BenchBody.Render(random, isHot: false);
        return [.. _head, .. Encoding.ASCII.GetBytes($"{key}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }
}
