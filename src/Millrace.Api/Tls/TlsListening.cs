using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Millrace.Api.Tls;

/// <summary>How the API speaks TLS: 1.2 and 1.3, with the ciphers that the system's OpenSSL allows.</summary>
internal static partial class TlsListening
{
    /// <summary>A year, as browsers remember it (RFC 6797).</summary>
    public const string StrictTransportSecurity = "max-age=31536000";

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    // The abort has a second to work.
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(6);

    /// <param name="kestrel">Whose https endpoints are meant.</param>
    /// <param name="certificate">What is shown.</param>
    /// <param name="ports">Of the https endpoints.</param>
    public static void Configure(KestrelServerOptions kestrel, ServerCertificate certificate, IReadOnlySet<int> ports)
    {
        var services = kestrel.ApplicationServices;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        var (late, tooLate) = (AfterStop(lifetime, EndLimit), AfterStop(lifetime, LeaveLimit));
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(TlsListening));
        kestrel.ConfigureEndpointDefaults(listen =>
        {
            if (listen.IPEndPoint is { } endpoint && ports.Contains(endpoint.Port))
                Configure(listen, certificate, next => connection => ServeAsync(next, connection, late, tooLate, logger));
        });
    }

    private static void Configure(ListenOptions listen, ServerCertificate certificate, Func<ConnectionDelegate, ConnectionDelegate> serve)
    {
        listen.Use(serve);
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

    // HTTP/2 connections that were abused may not end by themselves, nor when they are aborted (a flood of resets that filled Kestrel's output queue leaves one so);
    // they must not use up the time in which the rest of the process stops in good order.
    internal static async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection, CancellationToken late, CancellationToken tooLate, ILogger logger)
    {
        using var end = late.Register(connection.Abort);
        var served = next(connection);
        try
        {
            await served.WaitAsync(tooLate);
        }
        catch (OperationCanceledException) when (tooLate.IsCancellationRequested)
        {
            // At the last moment it may have ended after all: as it did.
            if (served.IsCompleted)
                await served;
            else
                LeftBehind(logger, connection.ConnectionId);
        }
    }

    private static CancellationToken AfterStop(IHostApplicationLifetime lifetime, TimeSpan time)
    {
        var late = new CancellationTokenSource();
        lifetime.ApplicationStopping.Register(() => late.CancelAfter(time));
        return late.Token;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Connection {Connection} does not end; the node stops without it")]
    private static partial void LeftBehind(ILogger logger, string connection);
}
