namespace Millrace.Api.Tls;

/// <summary>Looks once a second whether the certificate's files were renewed. Polled: a watcher misses links and mounts that are exchanged.</summary>
internal sealed partial class CertificateRenewal : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private readonly ServerCertificate _certificate;
    private readonly TimeProvider _time;
    private readonly ILogger<CertificateRenewal> _logger;

    public CertificateRenewal(ServerCertificate certificate, ApiMetrics metrics, TimeProvider time, ILogger<CertificateRenewal> logger)
    {
        (_certificate, _time, _logger) = (certificate, time, logger);
        metrics.Observe("millrace.certificate.expires", "s", "Seconds until the certificate that the API shows ends.", () => (int)(certificate.ExpiresAt - time.GetUtcNow()).TotalSeconds);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
        string? said = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!_certificate.TryRenew(_time.GetUtcNow(), out var fault))
                continue;
            if (fault is null)
                Renewed(_logger, _certificate.ExpiresAt);
            else if (fault != said)
                Refused(_logger, fault, _certificate.ExpiresAt);
            said = fault;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The API shows a renewed certificate, which ends on {ExpiresAt:u}.")]
    private static partial void Renewed(ILogger logger, DateTimeOffset expiresAt);

    [LoggerMessage(2, LogLevel.Warning, "The renewed certificate is not shown: {Fault} The one before it ends on {ExpiresAt:u}.")]
    private static partial void Refused(ILogger logger, string fault, DateTimeOffset expiresAt);
}
