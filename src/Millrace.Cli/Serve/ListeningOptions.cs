using System.CommandLine;
using System.Net;
using Millrace.Api.Tls;
using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <param name="Urls">Of the API, separated by semicolons.</param>
/// <param name="Management">Of metrics and probes, separated by semicolons; null for the API's own listener.</param>
/// <param name="Tls">Of the https URLs; null when there is none.</param>
/// <param name="IsTlsInFront">What lies in front of the http URLs ends TLS.</param>
internal sealed record Listening(string Urls, string? Management, TlsOptions? Tls, bool IsTlsInFront);

/// <summary><c>--urls</c> and what belongs to it. Keys, and what people order, pass there: off loopback it has TLS, unless somebody says that it ends in front.</summary>
internal sealed class ListeningOptions
{
    private readonly Option<string> _urls = new("--urls") { Description = "Where the API listens, http or https; several are separated by semicolons.", DefaultValueFactory = _ => NodeOptions.DefaultUrl };
    private readonly Option<string?> _management = new("--management-urls") { Description = "Where /metrics and probes listen; several are separated by semicolons. Default: the API's listener, /metrics for loopback only." };
    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "PEM file of the certificate that https URLs show, with those between it and its root behind it. Read again when it is renewed." };
    private readonly Option<string?> _key = new("--tls-key") { Description = "PEM file of that certificate's private key." };
    private readonly Option<bool> _inFront = new("--tls-in-front") { Description = "Plain HTTP off loopback: what lies in front of it ends TLS, and nobody else reaches it." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _urls, _management, _certificate, _key, _inFront })
            command.Options.Add(option);
    }

    /// <exception cref="UsageException">They do not fit together, or a file does not hold what it should.</exception>
    public Listening Read(ParseResult arguments)
    {
        var (urls, management) = (arguments.GetValue(_urls)!, arguments.GetValue(_management));
        var addresses = urls.Split(';').Select(url => Parse(_urls.Name, url)).ToList();
        // Probes and metrics alone are there: nothing that a key opens.
        var plain = (management?.Split(';') ?? []).Select(url => Parse(_management.Name, url)).ToList();
        if (plain.Find(IsTls) is not null)
            throw new UsageException($"{_management.Name} speaks plain HTTP.");
        var open = addresses.Find(IsOpen);
        if (open is not null && !arguments.GetValue(_inFront))
            throw new UsageException($"At {open} whoever is in between could read API keys and orders: give an https URL with {_certificate.Name} and {_key.Name}, or {_inFront.Name} if TLS ends in front of it (docs/access.md).");
        var ports = addresses.Where(IsTls).Select(address => address.Port).ToHashSet();
        if (addresses.Concat(plain).FirstOrDefault(address => !IsTls(address) && ports.Contains(address.Port)) is { } both)
            throw new UsageException($"Port {both.Port} is of an http and of an https URL.");
        return new Listening(urls, management, ReadTls(arguments, ports), arguments.GetValue(_inFront));
    }

    private TlsOptions? ReadTls(ParseResult arguments, HashSet<int> ports)
    {
        var (certificate, key) = (arguments.GetValue(_certificate), arguments.GetValue(_key));
        if (certificate is null && key is null && ports.Count == 0)
            return null;
        if (certificate is null || key is null || ports.Count == 0)
            throw new UsageException($"An https URL, {_certificate.Name} and {_key.Name} go together.");
        return ServerCertificate.TryLoad(certificate, key, TimeProvider.System.GetUtcNow(), out var loaded, out var fault) ? new TlsOptions(loaded!, ports) : throw new UsageException(fault!);
    }

    /// <summary>One http URL of this machine alone.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static void RequireLocal(string option, string url, string why)
    {
        var address = Parse(option, url);
        if (IsTls(address) || !IsLocal(address))
            throw new UsageException($"{option} '{url}' is no http URL of this machine alone, such as {NodeOptions.DefaultUrl}: {why}");
    }

    /// <summary>Others reach it, and nothing is encrypted before it is there.</summary>
    public static bool IsOpen(BindingAddress address) => !IsTls(address) && !IsLocal(address);

    private static bool IsTls(BindingAddress address) => address.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase);

    // Any other name is every interface to the server.
    private static bool IsLocal(BindingAddress address) =>
        address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    // Said here: the server would say it with a stack trace, once the partitions run.
    private static BindingAddress Parse(string option, string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address is { PathBase.Length: 0, Port: >= 0 and <= 65_535 } && address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS")
                return address;
        }
        catch (FormatException)
        {
            // Said below.
        }

        throw new UsageException($"{option} '{url}' is no http URL, such as {NodeOptions.DefaultUrl}.");
    }
}
