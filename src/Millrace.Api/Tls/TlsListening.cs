using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Millrace.Api.Tls;

/// <summary>How the API speaks TLS: 1.2 and 1.3, with the ciphers that the system's OpenSSL allows.</summary>
internal static class TlsListening
{
    /// <summary>A year, as browsers remember it (RFC 6797).</summary>
    public const string StrictTransportSecurity = "max-age=31536000";

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <param name="kestrel">Whose https endpoints are meant.</param>
    /// <param name="certificate">What is shown.</param>
    /// <param name="ports">Of the https endpoints.</param>
    public static void Configure(KestrelServerOptions kestrel, ServerCertificate certificate, IReadOnlySet<int> ports) => kestrel.ConfigureEndpointDefaults(listen =>
    {
        if (listen.IPEndPoint is not { } endpoint || !ports.Contains(endpoint.Port))
            return;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeLimit,
            // Asked for each connection: a renewed certificate needs no restart.
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Context,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            }),
        });
    });
}
