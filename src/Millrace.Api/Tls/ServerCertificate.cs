using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Api.Tls;

/// <summary>The certificate that the API shows, as its files hold it: they may be renewed while it is served. Thread-safe.</summary>
public sealed class ServerCertificate
{
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private (byte[] Certificate, byte[] Key) _read = ([], []);
    private volatile Shown _shown;

    private ServerCertificate(string certificateFile, string keyFile)
    {
        (_certificateFile, _keyFile) = (certificateFile, keyFile);
        _shown = null!;
    }

    /// <summary>When it ends; UTC.</summary>
    public DateTimeOffset ExpiresAt => _shown.ExpiresAt;

    /// <summary>With the certificates between it and its authority, as far as the file holds them.</summary>
    internal SslStreamCertificateContext Context => _shown.Context;

    /// <param name="certificateFile">PEM: the server's certificate first, then those of the authorities between it and the root.</param>
    /// <param name="keyFile">PEM of its private key, without a password.</param>
    /// <param name="now">Tells one that has ended.</param>
    /// <param name="certificate">What the files hold.</param>
    /// <param name="fault">What is wrong with them, in words.</param>
    public static bool TryLoad(string certificateFile, string keyFile, DateTimeOffset now, out ServerCertificate? certificate, out string? fault)
    {
        var loaded = new ServerCertificate(certificateFile, keyFile);
        loaded.TryRenew(now, out fault);
        certificate = fault is null ? loaded : null;
        return certificate is not null;
    }

    /// <summary>Reads the files again. What they hold is shown from the next connection on, unless it is faulty: then what was shown stays.</summary>
    /// <returns>False when they are as they were.</returns>
    internal bool TryRenew(DateTimeOffset now, out string? fault)
    {
        fault = null;
        try
        {
            var read = (Certificate: File.ReadAllBytes(_certificateFile), Key: File.ReadAllBytes(_keyFile));
            // Compared whole: a link that leads elsewhere has the time of neither.
            if (read.Certificate.AsSpan().SequenceEqual(_read.Certificate) && read.Key.AsSpan().SequenceEqual(_read.Key))
                return false;
            _read = read;
            var shown = Parse(read.Certificate, read.Key);
            if (shown.ExpiresAt <= now)
                fault = $"'{_certificateFile}' has ended on {shown.ExpiresAt:u}.";
            else
                _shown = shown;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            fault = unreadable.Message;
        }
        catch (ArgumentException)
        {
            fault = $"'{_keyFile}' is not the key of '{_certificateFile}'.";
        }

        return true;
    }

    private static Shown Parse(byte[] certificate, byte[] key)
    {
        var text = System.Text.Encoding.UTF8.GetString(certificate);
        var own = X509Certificate2.CreateFromPem(text, System.Text.Encoding.UTF8.GetString(key));
        var others = new X509Certificate2Collection();
        others.ImportFromPem(text);
        others.RemoveAt(0);
        // Nothing is fetched: what the file does not hold is not sent.
        return new Shown(SslStreamCertificateContext.Create(own, others, offline: true), new DateTimeOffset(own.NotAfter.ToUniversalTime(), TimeSpan.Zero));
    }

    private sealed record Shown(SslStreamCertificateContext Context, DateTimeOffset ExpiresAt);
}
