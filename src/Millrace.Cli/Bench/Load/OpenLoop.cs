using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using HdrHistogram;

namespace Millrace.Cli.Bench.Load;

/// <summary>
/// Sends orders at a fixed rate whatever the server does. Latency is measured from the moment at which a request was meant
/// to be sent: what waits for a free connection, or for this program, waits on the clock (no coordinated omission). The percentiles are of the accepted: a
/// refusal that comes at once must not make the server look fast.
/// </summary>
internal sealed class OpenLoop(Uri server, string apiKey, int rate, int connections, bool isHot)
{
    private const long MaxMicroseconds = 60_000_000;

    // What is still unanswered then stays so.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private readonly byte[] _head = Encoding.ASCII.GetBytes(
        $"POST /v1/orders HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {apiKey}\r\nContent-Type: application/json\r\nIdempotency-Key: ");

    private readonly LongConcurrentHistogram _latency = new(1, MaxMicroseconds, 3);
    private long _refused;
    private long _unanswered;

    public async Task<LoadResult> RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var schedule = Channel.CreateUnbounded<long>(new UnboundedChannelOptions { SingleWriter = true });
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tag = Guid.NewGuid().ToString("N")[..12];
        var senders = Enumerable.Range(0, connections).Select(n => SendAllAsync($"{tag}-{n}-", schedule.Reader, late.Token)).ToArray();
        // Its own thread: the schedule must not wait for the thread pool that sends.
        var pacer = new Thread(() => Pace(schedule.Writer, duration, late.Token)) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        pacer.Start();
        await Task.Delay(duration, cancellation);
        late.CancelAfter(Grace);
        await Task.WhenAll(senders);
        cancellation.ThrowIfCancellationRequested();
        while (schedule.Reader.TryRead(out _))
            _unanswered++;
        return new LoadResult(
            _latency.TotalCount + _refused, _refused, _unanswered, duration, new Latency(Ms(50), Ms(99), Ms(99.9), Ms(100)), IsLatencyOfAll: false);
    }

    private void Pace(ChannelWriter<long> schedule, TimeSpan duration, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var total = (long)(duration.TotalSeconds * rate);
        for (var i = 0L; i < total && !cancellation.IsCancellationRequested;)
        {
            var due = start + (long)(i * (double)Stopwatch.Frequency / rate);
            if (due > Stopwatch.GetTimestamp())
            {
                // A millisecond at a time; being late counts as latency, since the due time is what is written.
                Thread.Sleep(1);
                continue;
            }

            schedule.TryWrite(due);
            i++;
        }

        schedule.TryComplete();
    }

    private async Task SendAllAsync(string keyPrefix, ChannelReader<long> schedule, CancellationToken cancellation)
    {
        await Task.Yield();
        var random = new Random(keyPrefix.GetHashCode(StringComparison.Ordinal));
        var connection = new RawConnection();
        var isWaiting = false;
        try
        {
            await connection.ConnectAsync(server, cancellation);
            var sent = 0;
            await foreach (var due in schedule.ReadAllAsync(cancellation))
            {
                isWaiting = true;
                var status = (await connection.SendAsync(Request(keyPrefix, ++sent, random), cancellation)).Status;
                isWaiting = false;
                if (status is >= 200 and < 300)
                    _latency.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(due).TotalMicroseconds, 1, MaxMicroseconds));
                else
                    Interlocked.Increment(ref _refused);
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            // The request in flight is lost; the others go on with what is left of the schedule.
            if (isWaiting)
                Interlocked.Increment(ref _unanswered);
        }
        finally
        {
            connection.Dispose();
        }
    }

    private byte[] Request(string keyPrefix, int number, Random random)
    {
        var body = BenchBody.Render(random, isHot);
        return [.. _head, .. Encoding.ASCII.GetBytes($"{keyPrefix}{number}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }

    private double Ms(double percentile) => _latency.TotalCount > 0 ? _latency.GetValueAtPercentile(percentile) / 1e3 : double.NaN;
}
