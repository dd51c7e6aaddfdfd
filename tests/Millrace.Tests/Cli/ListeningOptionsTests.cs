using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class ListeningOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://localhost:8080")]
    [InlineData("http://[::1]:8080")]
    [InlineData("http://0.0.0.0:8080", "--tls-in-front")]
    [InlineData("http://127.0.0.1:8080", "--management-urls", "http://0.0.0.0:9464")]
    public void Plain_HTTP_is_for_this_machine_or_for_what_ends_TLS(string urls, params string[] more) => Assert.Null(Read(["--urls", urls, .. more]).Tls);

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://shop.example.com:8080")]
    [InlineData("http://127.0.0.1:8080;http://10.0.0.5:8080")]
    public void Plain_HTTP_that_others_reach_is_refused(string urls) => Assert.Contains("--tls-in-front", Fault("--urls", urls), StringComparison.Ordinal);

    [Theory]
    [InlineData("ftp://127.0.0.1:8080")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080/path")]
    [InlineData("")]
    public void What_is_no_URL_is_refused(string urls) => Assert.Contains("no http URL", Fault("--urls", urls), StringComparison.Ordinal);

    [Fact]
    public void An_https_URL_shows_its_certificate()
    {
        var (certificate, key) = Write("good", TimeSpan.FromDays(1));
        var tls = Read("--urls", "http://127.0.0.1:8080;https://0.0.0.0:8443", "--tls-cert", certificate, "--tls-key", key).Tls!;
        Assert.Equal([8443], tls.Ports);
        Assert.InRange(tls.Certificate.ExpiresAt, TimeProvider.System.GetUtcNow().AddHours(23), TimeProvider.System.GetUtcNow().AddHours(25));
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_with_the_reason()
    {
        var (certificate, key) = Write("good", TimeSpan.FromDays(1));
        var (expired, expiredKey) = Write("expired", TimeSpan.FromHours(-1));
        const string Https = "https://127.0.0.1:8443";
        Assert.Contains("go together", Fault("--urls", Https), StringComparison.Ordinal);
        Assert.Contains("go together", Fault("--urls", Https, "--tls-cert", certificate), StringComparison.Ordinal);
        Assert.Contains("go together", Fault("--tls-cert", certificate, "--tls-key", key), StringComparison.Ordinal);
        Assert.Contains("is not the key of", Fault("--urls", Https, "--tls-cert", certificate, "--tls-key", expiredKey), StringComparison.Ordinal);
        Assert.Contains("has ended", Fault("--urls", Https, "--tls-cert", expired, "--tls-key", expiredKey), StringComparison.Ordinal);
        Assert.Contains("missing.pem", Fault("--urls", Https, "--tls-cert", _folder["missing.pem"], "--tls-key", key), StringComparison.Ordinal);
        Assert.Contains("Port 8443", Fault("--urls", Https + ";http://127.0.0.1:8443", "--tls-cert", certificate, "--tls-key", key), StringComparison.Ordinal);
        Assert.Contains("plain HTTP", Fault("--urls", Https, "--tls-cert", certificate, "--tls-key", key, "--management-urls", "https://127.0.0.1:9464"), StringComparison.Ordinal);
    }

    private static string Fault(params string[] arguments) => Assert.Throws<UsageException>(() => Read(arguments)).Message;

    private static Listening Read(params string[] arguments)
    {
        var command = new Command("serve");
        var options = new ListeningOptions();
        options.AddTo(command);
        return options.Read(command.Parse(arguments));
    }

    private (string Certificate, string Key) Write(string name, TimeSpan until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + until);
        File.WriteAllText(_folder[name + ".pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        return (_folder[name + ".pem"], _folder[name + ".key"]);
    }
}
