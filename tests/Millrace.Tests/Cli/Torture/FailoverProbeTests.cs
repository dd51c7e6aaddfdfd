using System.Net;
using Millrace.Cli.Torture;
using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Cli.Torture;

public sealed class FailoverProbeTests
{
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_partition_that_lets_all_wait_is_struck_as_one_that_refuses_and_takes_no_other_with_it()
    {
        using var server = new Standing();
        using var http = new HttpClient(server) { BaseAddress = new Uri("http://test") };
        var complaints = new List<string>();
        using var probe = new FailoverProbe([http], partitions: 2, complaints.Add);
        await probe.RunAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        // Far from what a test that runs beside others is held up by.
        Assert.Single(probe.Pauses, pause => pause >= Standstill.TotalMilliseconds / 2);
        Assert.Single(probe.SinceFault, until => until >= Standstill.TotalMilliseconds / 2);
        Assert.Empty(complaints);
    }

    [Fact]
    public void A_percentile_of_nothing_is_nothing()
    {
        Assert.Null(TorturedCluster.Percentile([], 0.5));
        Assert.Equal(3, TorturedCluster.Percentile([3, 1, 2], 1));
    }

    /// <summary>Holds what it is asked of partition 1 in its first seconds, and answers it all.</summary>
    private sealed class Standing : HttpMessageHandler
    {
        private readonly Task _over = Task.Delay(Standstill);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.True(OrderId.TryParse(request.RequestUri!.Segments[^1], out var order));
            if (order.Partition == 1)
                await _over.WaitAsync(cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.NotFound);
        }
    }
}
