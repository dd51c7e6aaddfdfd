namespace Millrace.Api.Tls;

/// <summary>Looks once a second whether the certificate's files were renewed. Polled: a watcher misses links and mounts that are exchanged.</summary>
internal sealed partial class CertificateRenewal(ServerCertificate certificate, TimeProvider time, ILogger<CertificateRenewal> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        string? said = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!certificate.TryRenew(time.GetUtcNow(), out var fault))
                continue;
            if (fault is null)
                Renewed(logger, certificate.ExpiresAt);
            else if (fault != said)
                Refused(logger, fault, certificate.ExpiresAt);
            said = fault;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The API shows a renewed certificate, which ends on {ExpiresAt:u}.")]
    private static partial void Renewed(ILogger logger, DateTimeOffset expiresAt);

    [LoggerMessage(2, LogLevel.Warning, "The renewed certificate is not shown: {Fault} The one before it ends on {ExpiresAt:u}.")]
    private static partial void Refused(ILogger logger, string fault, DateTimeOffset expiresAt);
}
