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
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <param name="kestrel">Whose https endpoints are meant.</param>
    /// <param name="certificate">What is shown.</param>
    /// <param name="ports">Of the https endpoints.</param>
    public static void Configure(KestrelServerOptions kestrel, ServerCertificate certificate, IReadOnlySet<int> ports)
    {
        var late = LateInTheEnd(kestrel.ApplicationServices.GetRequiredService<IHostApplicationLifetime>());
        kestrel.ConfigureEndpointDefaults(listen =>
        {
            if (listen.IPEndPoint is { } endpoint && ports.Contains(endpoint.Port))
                Configure(listen, certificate, late);
        });
    }

    private static void Configure(ListenOptions listen, ServerCertificate certificate, CancellationToken late)
    {
        listen.Use(next => async connection =>
        {
            using var end = late.Register(connection.Abort);
            await next(connection);
        });
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
    }

    // HTTP/2 connections that were abused may not end by themselves; they must not use up the time in which the rest of the process stops in good order.
    private static CancellationToken LateInTheEnd(IHostApplicationLifetime lifetime)
    {
        var late = new CancellationTokenSource();
        lifetime.ApplicationStopping.Register(() => late.CancelAfter(EndLimit));
        return late.Token;
    }
}
