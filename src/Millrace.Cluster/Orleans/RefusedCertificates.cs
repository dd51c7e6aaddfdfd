using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Millrace.Cluster.Orleans;

/// <summary>Says who was not let in; once a minute at most, since whoever knocks decides how often.</summary>
internal sealed partial class RefusedCertificates(ILogger logger, TimeProvider time)
{
    private const long EveryMs = 60_000;
    private long _nextMs;

    public void Add(X509Certificate2 certificate)
    {
        var (now, next) = (time.GetUtcNow().ToUnixTimeMilliseconds(), Interlocked.Read(ref _nextMs));
        if (now >= next && Interlocked.CompareExchange(ref _nextMs, now + EveryMs, next) == next)
            Refused(logger, certificate.Subject, certificate.NotAfter.ToUniversalTime());
    }

    [LoggerMessage(1, LogLevel.Warning, "A node was refused: its certificate, {subject}, until {notAfter:u}, is not of this cluster's authority, or not in force.")]
    private static partial void Refused(ILogger logger, string subject, DateTime notAfter);
}
