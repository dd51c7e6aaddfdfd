using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Millrace.Domain.Identity;
using Millrace.Tests.Gateways;
using Millrace.Webhooks;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>One attempt over a real socket.</summary>
public sealed class WebhookSenderTests : IAsyncLifetime
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly WebhookOptions Anywhere = new() { AllowPrivateAddresses = true, AllowHttp = true };
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"specversion":"1.0"}""");
    private readonly byte[] _secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private readonly WebhookSender _sender = new(Anywhere, TimeProvider.System);
    private Receiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await Receiver.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_that_ends_as_it_begins_is_a_failed_attempt()
    {
        using var sender = new WebhookSender(Anywhere, TimeProvider.System, new BrokenConnections());
        var result = await sender.SendAsync(Tenant, new Uri("http://127.0.0.1/"), "evt_1", Body, [_secret], TestContext.Current.CancellationToken);
        Assert.Equal((null, SendErrors.Connection), (result.Status, result.Error));
    }

    [Fact]
    public async Task What_arrives_is_signed_and_is_all_that_was_said()
    {
        var result = await SendAsync();
        Assert.Equal((204, null, true), (result.Status, result.Error, result.IsSuccess));
        var arrival = Assert.Single(_receiver.Arrivals);
        Assert.Equal(Body, arrival.Body);
        Assert.True(arrival.IsSignedWith("whsec_" + Convert.ToBase64String(_secret)));
        Assert.False(arrival.IsSignedWith("whsec_" + Convert.ToBase64String(new byte[32])));
        Assert.Equal(
            ["content-length", "content-type", "host", "user-agent", "webhook-id", "webhook-signature", "webhook-timestamp"], arrival.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("application/cloudevents+json", arrival.Headers["content-type"]);
        Assert.InRange(long.Parse(arrival.Headers["webhook-timestamp"]), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(202, null)]
    [InlineData(301, "redirect")]
    [InlineData(302, "redirect")]
    [InlineData(304, "redirect")]
    [InlineData(400, "refused")]
    [InlineData(404, "refused")]
    [InlineData(410, "refused")]
    [InlineData(429, "refused")]
    [InlineData(500, "refused")]
    public async Task Only_2xx_is_a_success_and_no_redirect_is_followed(int status, string? error)
    {
        _receiver.Answer = (_, response) =>
        {
            response.Headers.Location = "/elsewhere";
            return Receiver.With(response, status);
        };
        var result = await SendAsync();
        Assert.Equal((status, error, status == 410), (result.Status, result.Error, result.IsGone));
        Assert.Equal("/hooks", Assert.Single(_receiver.Arrivals).Target);
    }

    [Fact]
    public async Task No_cookie_comes_back()
    {
        _receiver.Answer = (_, response) =>
        {
            response.Headers.SetCookie = "a=b; Path=/";
            return Receiver.With(response, 204);
        };
        await SendAsync();
        await SendAsync();
        Assert.All(_receiver.Arrivals, arrival => Assert.DoesNotContain("cookie", arrival.Headers.Keys));
    }

    [Theory]
    [InlineData("120", 120d, 120)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86_400d, double.MaxValue)]
    [InlineData("Fri, 31 Dec 1999 23:59:59 GMT", null, 0)]
    [InlineData("soon", null, 0)]
    public async Task What_the_receiver_asks_for_is_heard(string header, double? least, double most)
    {
        _receiver.Answer = (_, response) =>
        {
            response.Headers.RetryAfter = header;
            return Receiver.With(response, 503);
        };
        var asked = (await SendAsync()).RetryAfter;
        Assert.Equal(least is null, asked is null);
        if (least is not null)
            Assert.InRange(asked!.Value.TotalSeconds, least.Value, most);
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_waited_for_15_seconds()
    {
        var time = new FakeTimeProvider();
        var release = new TaskCompletionSource();
        var isThere = new TaskCompletionSource();
        _receiver.Answer = (_, _) =>
        {
            isThere.SetResult();
            return release.Task;
        };
        using var sender = new WebhookSender(Anywhere, time);
        var sending = sender.SendAsync(Tenant, _receiver.Address, "1:2:3", Body, [_secret], CancellationToken.None);
        await isThere.Task;
        time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal((null, "timeout"), ((await sending).Status, (await sending).Error));
        release.SetResult();
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        var hungUp = new TaskCompletionSource();
        _receiver.Answer = async (_, response) =>
        {
            var block = new byte[1 << 16];
            while (!response.HttpContext.RequestAborted.IsCancellationRequested)
                await response.Body.WriteAsync(block);
            hungUp.SetResult();
        };
        Assert.True((await SendAsync()).IsSuccess);
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task An_address_that_is_not_public_is_not_connected_to()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var careful = new WebhookSender(new WebhookOptions { AllowHttp = true }, TimeProvider.System);
        foreach (var host in new[] { "127.0.0.1", "localhost", "[::ffff:127.0.0.1]" })
        {
            var result = await careful.SendAsync(Tenant, new Uri($"http://{host}:{port}/"), "1:2:3", Body, [_secret], CancellationToken.None);
            Assert.Equal((host, "address_refused"), (host, result.Error));
        }

        // What only shows when a name is resolved.
        await Assert.ThrowsAsync<AddressRefusedException>(async () => await CheckedConnection.OpenAsync(Tenant, new DnsEndPoint("localhost", port), allowPrivate: false, CancellationToken.None));
        Assert.False(listener.Pending());
        await using var connection = await CheckedConnection.OpenAsync(Tenant, new DnsEndPoint("localhost", port), allowPrivate: true, CancellationToken.None);
        using var accepted = await listener.AcceptTcpClientAsync();
    }

    [Fact]
    public async Task Without_leave_nothing_is_sent_in_the_clear()
    {
        using var careful = new WebhookSender(new WebhookOptions { AllowPrivateAddresses = true }, TimeProvider.System);
        Assert.Equal("address_refused", (await careful.SendAsync(Tenant, _receiver.Address, "1:2:3", Body, [_secret], CancellationToken.None)).Error);
        Assert.Empty(_receiver.Arrivals);
    }

    [Fact]
    public async Task Each_way_to_fail_has_its_code()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = AnswerAllAsync(listener, "SSH-2.0-no\r\n"u8.ToArray());
        Assert.Equal("no_http", (await SendAsync($"http://127.0.0.1:{port}/")).Error);
        Assert.Equal("tls_failed", (await SendAsync($"https://127.0.0.1:{port}/")).Error);
        listener.Stop();
        Assert.Equal("connection_failed", (await SendAsync($"http://127.0.0.1:{port}/")).Error);
        Assert.Equal("name_unknown", (await SendAsync("http://nobody.invalid/")).Error);
    }

    private Task<SendResult> SendAsync(string? url = null) =>
        _sender.SendAsync(Tenant, url is null ? _receiver.Address : new Uri(url), "1:2:3", Body, [_secret], CancellationToken.None);

    private static async Task AnswerAllAsync(TcpListener listener, byte[] words)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync(words);
        }
    }
}
