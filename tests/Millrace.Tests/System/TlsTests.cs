using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The API over TLS, as a real server speaks it.</summary>
[Collection(OwnProcesses.Name)]
public sealed class TlsTests : IDisposable
{
    private const byte Alert = 21;
    private const byte Handshake = 22;
    private const byte ProtocolVersion = 70;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_speaks_TLS_and_shows_a_renewed_certificate_without_a_restart()
    {
        using var authority = new Authority(_folder["ca"], "public");
        var (certificate, key) = Write(authority, "first", TimeSpan.FromHours(10));
        var port = FreePort.Find();
        var settings = new ServerSettings(_folder["node"]) { MoreUrls = $";https://127.0.0.1:{port}", More = ["--tls-cert", certificate, "--tls-key", key] };
        await using var server = await ServerProcess.StartAsync(settings);

        Assert.Equal(("CN=first", "CN=between"), await ShownAsync(port, SslProtocols.Tls12));
        Assert.Equal(("CN=first", "CN=between"), await ShownAsync(port, SslProtocols.Tls13));
        Assert.Equal((Handshake, 2), await AnswerToHelloAsync(port, minor: 3));
        Assert.Equal((Alert, ProtocolVersion), await AnswerToHelloAsync(port, minor: 2));
        Assert.Equal("max-age=31536000", await StrictTransportAsync(new Uri($"https://127.0.0.1:{port}"), HttpVersion.Version20));
        Assert.Equal("max-age=31536000", await StrictTransportAsync(new Uri($"https://127.0.0.1:{port}"), HttpVersion.Version11));
        Assert.Null(await StrictTransportAsync(settings.Address, HttpVersion.Version11));
        Assert.InRange(await SecondsLeftAsync(settings), 9 * 3_600, 10 * 3_600);

        Write(authority, "second", TimeSpan.FromHours(20), "first");
        await Eventually.Async(async () => (await ShownAsync(port)).Own == "CN=second", "the renewed certificate is shown");
        // What was scraped a moment ago may be shown once more.
        await Eventually.AsyncOf(() => SecondsLeftAsync(settings), left => left is >= 19 * 3_600 and <= 20 * 3_600, "the metric tells of the renewed one");

        // Half written, or of another key: what was good stays.
        await File.WriteAllTextAsync(key, "-----BEGIN PRIVATE KEY-----\n");
        await Eventually.Async(() => Task.FromResult(server.Process.Errors.Any(line => line.Contains("The renewed certificate is not shown", StringComparison.Ordinal))), "the fault is told");
        Assert.Equal("CN=second", (await ShownAsync(port)).Own);
        Write(authority, "third", TimeSpan.FromHours(20), "first");
        await Eventually.Async(async () => (await ShownAsync(port)).Own == "CN=third", "the repaired certificate is shown");
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Behind_what_ends_TLS_browsers_are_told_to_keep_to_it_and_sessions_are_for_it_alone()
    {
        var settings = new ServerSettings(_folder["node"]) { More = ["--tls-in-front"] };
        var key = NewKey.Of(settings, "acme", Scopes.Admin);
        await using var server = await ServerProcess.StartAsync(settings);
        using var visitor = new ConsoleVisitor(settings.Address);
        var page = await visitor.SignInAsync(key);
        Assert.Equal((302, true), (page.Status, page.Headers["Set-Cookie"].Contains("; secure", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal("max-age=31536000", await StrictTransportAsync(settings.Address, HttpVersion.Version11));
    }

    [Fact]
    public async Task A_flood_of_streams_that_are_given_up_at_once_leaves_it_serving()
    {
        using var authority = new Authority(_folder["ca"], "public");
        var (certificate, key) = Write(authority, "node", TimeSpan.FromHours(10));
        var port = FreePort.Find();
        var settings = new ServerSettings(_folder["node"]) { MoreUrls = $";https://127.0.0.1:{port}", More = ["--tls-cert", certificate, "--tls-key", key] };
        await using var server = await ServerProcess.StartAsync(settings);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "node", ApplicationProtocols = [SslApplicationProtocol.Http2] });

        await Http2Flood.BeginAsync(tls);
        Assert.Equal(100u, await Http2Flood.MostStreamsAsync(tls));
        await Http2Flood.SendAsync(tls, streams: 5_000);
        tcp.Close();
        Assert.True(await server.IsAsync("/readyz"));
        Assert.DoesNotContain(server.Process.Errors, line => line.StartsWith("fail:", StringComparison.Ordinal));
        Assert.Equal(0, await server.StopAsync());
    }

    private (string Certificate, string Key) Write(Authority authority, string name, TimeSpan until, string? file = null)
    {
        using var between = authority.Sign("between", isAuthority: true);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).Create(between, now.AddHours(-1), now + until, RandomNumberGenerator.GetBytes(8));
        var (certificateFile, keyFile) = (_folder[(file ?? name) + ".pem"], _folder[(file ?? name) + ".key"]);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem() + "\n" + between.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile);
    }

    /// <returns>Subjects of the certificate that is shown, and of the one that is sent with it.</returns>
    private static async Task<(string Own, string Above)> ShownAsync(int port, SslProtocols protocol = SslProtocols.None)
    {
        var above = "";
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, chain, _) =>
        {
            above = string.Join(' ', chain!.ChainPolicy.ExtraStore.Select(sent => sent.Subject).Except([certificate!.Subject], StringComparer.Ordinal));
            return true;
        });
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "node", EnabledSslProtocols = protocol });
        return (tls.RemoteCertificate!.Subject, above);
    }

    /// <summary>A hello that offers TLS 1.<paramref name="minor"/> less one at most, by hand: a client library would not.</summary>
    /// <returns>The kind of the answer's record; its handshake's kind, or its alert.</returns>
    private static async Task<(byte Kind, byte What)> AnswerToHelloAsync(int port, byte minor)
    {
        byte[] extensions =
        [
            0, 10, 0, 6, 0, 4, 0, 23, 0, 29, // groups: P-256, X25519
            0, 11, 0, 2, 1, 0, // points as they are
            0, 13, 0, 6, 0, 4, 4, 3, 2, 3, // ECDSA with SHA-256 and SHA-1
        ];
        byte[] hello = [3, minor, .. Enumerable.Repeat((byte)7, 32), 0, 0, 4, 0xC0, 0x2B, 0xC0, 0x09, 1, 0, 0, (byte)extensions.Length, .. extensions];
        byte[] record = [Handshake, 3, 1, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length, .. hello];
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await tcp.GetStream().WriteAsync(record);
        var answer = new byte[7];
        await tcp.GetStream().ReadExactlyAsync(answer);
        return (answer[0], answer[0] == Alert ? answer[6] : answer[5]);
    }

    private static async Task<string?> StrictTransportAsync(Uri address, Version version)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var client = new HttpClient(handler) { BaseAddress = address, DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.GetAsync("/livez");
        Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, answer.Version));
        return answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? Assert.Single(values) : null;
    }

    private static async Task<double> SecondsLeftAsync(ServerSettings settings)
    {
        using var client = new ApiClient(settings.Address, "");
        var line = (await client.GetAsync("/metrics")).Body.Split('\n').First(line => line.StartsWith("millrace_certificate_expiry_seconds", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}

/// <summary>HTTP/2 by hand (RFC 9113): a client library would not open streams only to reset them.</summary>
internal static class Http2Flood
{
    private const int FrameHeader = 9;
    private const byte Settings = 4;
    private const ushort MaxConcurrentStreams = 3;

    public static async Task BeginAsync(Stream stream)
    {
        var frames = new MemoryStream();
        frames.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Write(frames, Settings, 0, 0, []);
        await stream.WriteAsync(frames.ToArray());
    }

    public static async Task SendAsync(Stream stream, int streams)
    {
        var frames = new MemoryStream();
        for (var i = 0; i < streams; i++)
        {
            // GET https /livez, authority "a"; ended with its headers, and given up (CANCEL).
            Write(frames, 1, 0x5, (2 * i) + 1, [0x82, 0x87, 0x04, 6, .. Encoding.ASCII.GetBytes("/livez"), 0x01, 1, (byte)'a']);
            Write(frames, 3, 0, (2 * i) + 1, [0, 0, 0, 8]);
        }

        try
        {
            await stream.WriteAsync(frames.ToArray());
        }
        catch (IOException)
        {
            // It had enough, and has closed the connection: as good an end as any.
        }
    }

    /// <returns>How many streams at once the server allows, as its first frame says.</returns>
    public static async Task<uint> MostStreamsAsync(Stream stream)
    {
        var header = new byte[FrameHeader];
        await stream.ReadExactlyAsync(header);
        Assert.Equal(Settings, header[3]);
        var payload = new byte[(header[1] << 8) | header[2]];
        await stream.ReadExactlyAsync(payload);
        for (var at = 0; at < payload.Length; at += 6)
        {
            if (((payload[at] << 8) | payload[at + 1]) == MaxConcurrentStreams)
                return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at + 2));
        }

        throw new InvalidDataException("The server bounds its streams by nothing.");
    }

    private static void Write(MemoryStream frames, byte kind, byte flags, int stream, byte[] payload)
    {
        frames.Write([0, (byte)(payload.Length >> 8), (byte)payload.Length, kind, flags, (byte)(stream >> 24), (byte)(stream >> 16), (byte)(stream >> 8), (byte)stream]);
        frames.Write(payload);
    }
}
