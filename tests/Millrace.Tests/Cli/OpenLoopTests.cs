using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.Cli.Bench;
using Millrace.Cli.Bench.Load;
using Xunit;

namespace Millrace.Tests.Cli;

/// <summary>The load at a fixed rate, before servers that do not take everything.</summary>
public sealed class OpenLoopTests
{
    private const int Rate = 40;
    private static readonly TimeSpan Thinking = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_refusal_that_comes_at_once_makes_no_percentile_shorter()
    {
        var requests = 0;
        var result = await RunAsync(async connection =>
        {
            if (Interlocked.Increment(ref requests) % 2 == 0)
                return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
            await Task.Delay(Thinking);
            return "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}";
        });
        Assert.Equal((Rate, Rate / 2, 0), (result.Requests, result.Refused, result.Unanswered));
        Assert.True(result.Latency.P50Ms >= Thinking.TotalMilliseconds * 0.95, $"{result.Latency.P50Ms} ms");
        Assert.Equal("accepted", result.LatencyOf);
    }

    [Fact]
    public async Task What_is_not_answered_is_told_apart_to_the_last_request()
    {
        var result = await RunAsync(_ => Task.FromResult<string?>(null));
        Assert.Equal((0, 0, Rate, Rate), (result.Requests, result.Refused, result.Unanswered, result.Failed));
        Assert.Equal(double.NaN, result.Latency.P99Ms);
    }

    [Fact]
    public void A_yardstick_of_which_some_failed_is_none()
    {
        var noop = new LoadResult(100, 1, 0, TimeSpan.FromSeconds(1), default, IsLatencyOfAll: true);
        Assert.Throws<InvalidOperationException>(() => PlaceBench.Yardstick(noop));
        Assert.Equal(100, PlaceBench.Yardstick(noop with { Refused = 0 }).PerSecond);
    }

    /// <param name="answer">To one request; null hangs up.</param>
    private static async Task<LoadResult> RunAsync(Func<Socket, Task<string?>> answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var serving = ServeAsync(listener, answer, over.Token);
        var loop = new OpenLoop(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), "key", Rate, connections: 20, isHot: false);
        var result = await loop.RunAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await over.CancelAsync();
        await serving;
        return result;
    }

    private static async Task ServeAsync(TcpListener listener, Func<Socket, Task<string?>> answer, CancellationToken over)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(AnswerAsync(await listener.AcceptSocketAsync(over), answer, over));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private static async Task AnswerAsync(Socket accepted, Func<Socket, Task<string?>> answer, CancellationToken over)
    {
        using var connection = accepted;
        var buffer = new byte[16 * 1024];
        try
        {
            // A request of the bench is one segment.
            while (await connection.ReceiveAsync(buffer, over) > 0 && await answer(connection) is { } text)
                await connection.SendAsync(Encoding.ASCII.GetBytes(text), over);
        }
        catch (OperationCanceledException)
        {
            // The end of the test.
        }
    }
}
