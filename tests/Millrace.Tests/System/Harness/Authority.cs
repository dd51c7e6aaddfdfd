using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Tests.EndToEnd;

/// <summary>A cluster's own authority, and what it signs.</summary>
internal sealed class Authority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly string _folder;

    /// <param name="folder">Where the files go.</param>
    /// <param name="name">Two of one name differ in their keys alone.</param>
    public Authority(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-2), TimeProvider.System.GetUtcNow().AddDays(2));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), _certificate.ExportCertificatePem());
    }

    /// <returns>The arguments of a node that shows a certificate of this authority, and asks for one.</returns>
    public string[] Arguments(string node, TimeSpan? until = null)
    {
        using var certificate = Sign(node, until);
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(_folder, node + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, node + ".key"), key.ExportPkcs8PrivateKeyPem());
        return ["--cluster-cert", Path.Combine(_folder, node + ".pem"), "--cluster-key", Path.Combine(_folder, node + ".key"), "--cluster-ca", Path.Combine(_folder, "ca.pem")];
    }

    /// <param name="node">Its name.</param>
    /// <param name="until">From now; null for a day.</param>
    /// <param name="isAuthority">It may sign others.</param>
    public X509Certificate2 Sign(string node, TimeSpan? until = null, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        if (isAuthority)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.Create(_certificate, now.AddDays(-1), now + (until ?? TimeSpan.FromDays(1)), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
