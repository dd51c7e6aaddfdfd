using System.Net;
using Millrace.Cli.Torture;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Torture;

/// <summary>What counts as lost, before a server that can lie.</summary>
public sealed class DrainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(5, "confirmed", 1)]
    // The events are there, but they are others than what was answered.
    [InlineData(7, "confirmed", 1)]
    [InlineData(9, "completed", 1)]
    [InlineData(5, "canceled", 1)]
    [InlineData(6, "canceled", 0)]
    [InlineData(9, "canceled", 0)]
    public async Task An_acknowledged_cancellation_that_is_gone_is_lost(int version, string status, int expected)
    {
        using var stop = new CancellationTokenSource();
        using var server = new Shop(stop, version, status);
        using var http = new HttpClient(server) { BaseAddress = new Uri("http://test") };
        using var told = new AckRecord(_folder["acknowledged.txt"]);
        var client = new TortureClient([http], told, 0, seed: 1, TestContext.Current.CancellationToken);
        await client.RunAsync(stop.Token);
        var (lost, stuck) = await Drain.RunAsync(told, [client], TestContext.Current.CancellationToken);
        Assert.Equal((expected, 0), (lost, stuck));
        Assert.Empty(client.Complaints);
    }

    /// <summary>Takes all orders, and answers the first cancellation with version 6; then it shows that order as it was told to.</summary>
    private sealed class Shop(CancellationTokenSource stop, int version, string status) : HttpMessageHandler
    {
        private readonly Dictionary<string, string> _orders = new(StringComparer.Ordinal);
        private string? _canceled;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath.Split('/');
            return Task.FromResult((request.Method.Method, path) switch
            {
                ("POST", [_, _, "orders"]) => Order(HttpStatusCode.Accepted, Placed(request.Headers.GetValues("Idempotency-Key").Single()), 1, "pending"),
                ("POST", [_, _, "orders", var id, "cancel"]) => Cancel(id),
                ("POST", _) => new HttpResponseMessage(HttpStatusCode.Conflict) { Content = new StringContent("{}") },
                (_, [.., var id]) => id == _canceled ? Order(HttpStatusCode.OK, id, version, status) : Order(HttpStatusCode.OK, id, 4, "rejected"),
                _ => new HttpResponseMessage(HttpStatusCode.NotFound),
            });
        }

        private string Placed(string key)
        {
            _orders.TryAdd(key, $"ord_{_orders.Count}");
            return _orders[key];
        }

        private HttpResponseMessage Cancel(string id)
        {
            _canceled = id;
            stop.Cancel();
            return Order(HttpStatusCode.OK, id, 6, "confirmed");
        }

        private static HttpResponseMessage Order(HttpStatusCode answer, string id, int version, string status) => new(answer)
        {
            Content = new StringContent($$"""{"id":"{{id}}","version":{{version}},"status":"{{status}}","payment":{"pending":null},"closing":null,"attention":null}"""),
        };
    }
}
