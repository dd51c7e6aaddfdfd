using Millrace.Cli.Serve;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Millrace.Tests.Architecture;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(Processes.Name)]
public sealed class OperationsTests(Shop shop)
{
    private static readonly string Contract = Path.Combine(Repository.Root, "docs", "openapi.json");

    [Theory]
    [InlineData("/livez", "alive")]
    [InlineData("/readyz", "ready")]
    [InlineData("/startupz", "started")]
    public async Task A_probe_answers_without_a_key_and_is_never_cached(string path, string status)
    {
        var answer = await shop.Anonymous.GetAsync(path);
        Assert.Equal((200, status, "no-store"), (answer.Status, answer.Text("status"), answer.Header("Cache-Control")));
    }

    [Fact]
    public async Task The_contract_that_is_served_is_the_one_that_is_checked_in()
    {
        var served = (await shop.Anonymous.GetAsync("/openapi/v1.json")).Body.ReplaceLineEndings("\n").TrimEnd() + "\n";
        // After a change that is meant: UPDATE_OPENAPI=1 ./millrace test, and review the difference as what clients will see.
        if (Environment.GetEnvironmentVariable("UPDATE_OPENAPI") == "1")
            await File.WriteAllTextAsync(Contract, served);
        Assert.True(File.Exists(Contract), $"{Contract} is missing: run once with UPDATE_OPENAPI=1.");
        Assert.Equal(await File.ReadAllTextAsync(Contract), served);
    }

    [Fact]
    public async Task The_reference_for_readers_is_served()
    {
        var docs = await shop.Anonymous.GetAsync("/docs/");
        Assert.Equal((200, "text/html"), (docs.Status, docs.MediaType));
        Assert.Contains("openapi/v1.json", docs.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_count_orders_and_are_for_this_machine_only()
    {
        await shop.ConfirmedAsync(await shop.NewItemAsync(1));
        var metrics = await shop.Anonymous.GetAsync("/metrics");
        Assert.Equal(200, metrics.Status);
        Assert.Contains("millrace_orders_placed", metrics.Body, StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { Host = "0.0.0.0", More = ["--tls-in-front"] };
        await using var open = await ServerProcess.StartAsync(settings);
        Assert.Equal(200, await StatusAsync(settings.Address, "/metrics"));
        // Only a machine with a network has an address that others could use.
        foreach (var outside in OutsideAddresses())
        {
            var address = new UriBuilder(settings.Address) { Host = outside.ToString() }.Uri;
            Assert.Equal((404, 200), (await StatusAsync(address, "/metrics"), await StatusAsync(address, "/livez")));
        }
    }

    [Fact]
    public async Task With_management_addresses_metrics_are_at_each_of_them_and_nowhere_else()
    {
        using var folder = new TemporaryFolder();
        var management = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var second = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var settings = new ServerSettings(folder["node"]) { More = ["--management-urls", $"{management};{second}"] };
        await using var server = await ServerProcess.StartAsync(settings);
        Assert.Equal(404, await StatusAsync(settings.Address, "/metrics"));
        foreach (var address in new[] { management, second })
            Assert.Equal((200, 200, 404), (await StatusAsync(address, "/metrics"), await StatusAsync(address, "/readyz"), await StatusAsync(address, "/docs/")));
    }

    [Fact]
    public async Task Every_answer_names_its_request_and_forbids_sniffing()
    {
        foreach (var path in new[] { "/livez", "/v1/orders", "/nowhere", "/v1/orders/ord_x" })
        {
            var answer = await shop.Api.GetAsync(path);
            Assert.NotNull(answer.Header("Request-Id"));
            Assert.Equal(("nosniff", null), (answer.Header("X-Content-Type-Options"), answer.Header("Server")));
        }
    }

    [Theory]
    [InlineData("NONSENSE\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n")]
    [InlineData("POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")]
    [InlineData("POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")]
    public async Task What_is_not_http_is_the_clients_fault(string bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, shop.Settings.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        var answer = new byte[10];
        await stream.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 4", Encoding.ASCII.GetString(answer));
    }

    private static IEnumerable<IPAddress> OutsideAddresses() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up)
        .SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
        .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));

    private static async Task<int> StatusAsync(Uri address, string path)
    {
        using var client = new ApiClient(address, "");
        return (await client.GetAsync(path)).Status;
    }
}
