using Millrace.Cli.Serve;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Millrace.Api.Keys;
using Millrace.Domain.Identity;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>What nodes say to each other is for nodes alone.</summary>
[Collection(OwnProcesses.Name)]
public sealed class ClusterTlsTests(PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nodes_with_certificates_of_one_authority_are_a_cluster_and_nobody_else_is_answered()
    {
        using var authority = new Authority(_folder["ours"], "millrace");
        using var other = new Authority(_folder["theirs"], "millrace");
        var database = await postgres.NewDatabaseAsync();
        var key = NewKey.OfDatabase(database, "acme", Scopes.Admin | Scopes.SystemOperate);
        var (first, second) = (Node(database, "a", authority.Arguments("a")), Node(database, "b", authority.Arguments("b")));
        var starting = ServerProcess.StartAsync(first.Settings);
        await using var b = await ServerProcess.StartAsync(second.Settings);
        await using var a = await starting;
        using var atA = new ApiClient(first.Settings.Address, key);
        using var atB = new ApiClient(second.Settings.Address, key);

        // Members probe whoever asks to join, and give up on it: neither of these ever becomes one.
        await using var stranger = ServerProcess.Launch(Node(database, "stranger", other.Arguments("stranger")).Settings);
        await using var plain = ServerProcess.Launch(Node(database, "plain").Settings);
        await Eventually.AsyncOf(() => Owners.OfAsync(atA), owners => owners.Contains("a") && owners.Contains("b") && !owners.Contains(null), "both own partitions", Patience);
        await ServesAsync(atA, "b");
        await ServesAsync(atB, "a");
        foreach (var server in new[] { stranger, plain })
            Assert.NotEqual(0, await server.Process.ExitAsync(Patience));
        Assert.Equal(["a", "b"], await ActiveAsync(atA));
        Assert.Equal(["a", "b"], await ActiveAsync(atB));
        Assert.Contains(a.Process.Errors.Concat(b.Process.Errors), line => line.Contains("A node was refused: its certificate, CN=stranger", StringComparison.Ordinal));

        foreach (var port in new[] { first.Port, second.Port })
        {
            using var member = authority.Sign("member");
            Assert.True(await AnswersAsync(port, member));
            Assert.False(await AnswersAsync(port, null));
            using var foreign = other.Sign("member");
            Assert.False(await AnswersAsync(port, foreign));
            using var expired = authority.Sign("member", until: TimeSpan.FromHours(-1));
            Assert.False(await AnswersAsync(port, expired));
            await SaysNothingInPlainAsync(port);
        }
    }

    private (ServerSettings Settings, int Port) Node(string database, string name, params string[] more)
    {
        var port = FreePort.Find();
        return (new ServerSettings(_folder["node"]) { More = ["--postgres", database, "--node-name", name, "--cluster", $"127.0.0.1:{port}", .. more] }, port);
    }

    /// <summary>Places through one node until an order fell to the other, and was confirmed there.</summary>
    private static async Task ServesAsync(ApiClient api, string owner)
    {
        var sku = "SKU-" + owner;
        // A partition that moves just now is asked again.
        await Eventually.AsyncOf(() => api.SendAsync("PUT", $"/v1/items/{sku}", Bodies.Item()), answer => answer.Status is 200 or 201, "the item is there");
        await Eventually.AsyncOf(() => api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 1_000), "receipt-" + sku), answer => answer.Status == 200, "it has stock");
        var owners = await Owners.OfAsync(api);
        await Eventually.Async(
            async () =>
            {
                var placed = await api.PlaceAsync(Bodies.Order(sku).ToJsonString(), Guid.NewGuid().ToString(), "Prefer: wait=30");
                return placed.Status == 201 && OrderId.TryParse(placed.Id(), out var id) && owners[id.Partition] == owner && (await api.GetAsync("/v1/orders/" + placed.Id())).Status == 200;
            },
            $"an order of {owner}'s is placed");
    }

    private static async Task<string[]> ActiveAsync(ApiClient api) =>
        [.. (await api.GetAsync("/v1/cluster/nodes"))["data"].AsArray().Where(n => (string)n!["status"]! == "active").Select(n => (string)n!["name"]!)];

    /// <summary>Whether a node begins to speak to whoever shows this certificate.</summary>
    private static async Task<bool> AnswersAsync(int port, X509Certificate2? certificate)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "", ClientCertificates = certificate is null ? null : [certificate] });
            return await tls.ReadAsync(new byte[1]) == 1;
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task SaysNothingInPlainAsync(int port)
    {
        const byte alert = 21;
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string('x', 4_096)));
        using var said = new MemoryStream();
        try
        {
            await tcp.GetStream().CopyToAsync(said);
        }
        catch (IOException)
        {
            // Reset, with what it did not read.
        }

        Assert.True(said.Length == 0 || (said.GetBuffer()[0] == alert && said.Length < 16), Convert.ToHexString(said.ToArray()));
    }
}
