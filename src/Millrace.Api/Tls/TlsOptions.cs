namespace Millrace.Api.Tls;

/// <param name="Certificate">Shown by all of them.</param>
/// <param name="Ports">Of the listeners that speak TLS.</param>
public sealed record TlsOptions(ServerCertificate Certificate, IReadOnlySet<int> Ports);
