using System.CommandLine;
using Millrace.Api.Caching;
using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <summary>Caches between the server and the public: <c>--public-max-age</c>, <c>--purge-url</c>, <c>--group-header</c>.</summary>
internal sealed class CdnSettings
{
    private const string CredentialVariable = "MILLRACE_PURGE_HEADER";

    private readonly Option<int> _maxAge = new("--public-max-age")
    {
        Description = "Seconds for which anybody may show a public answer without asking again, 1 to 3600.",
        DefaultValueFactory = _ => (int)CdnOptions.DefaultMaxAge.TotalSeconds,
    };

    private readonly Option<string[]> _purge = new("--purge-url")
    {
        Description = $"URL of a shared cache that is told by POST what has changed; more than one may be given. A header by which it knows us: {CredentialVariable}='Name: value'.",
    };

    private readonly Option<string?> _header = new("--group-header") { Description = "Header in which that cache looks for an answer's groups. Default with --purge-url: Surrogate-Key." };

    public CdnSettings() => _header.AcceptOnlyFromAmong("Surrogate-Key", "Cache-Tag");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _maxAge, _purge, _header })
            command.Options.Add(option);
    }

    /// <exception cref="UsageException">One is not of its form.</exception>
    public CdnOptions Read(ParseResult parsed)
    {
        if (parsed.GetValue(_maxAge) is not (>= 1 and <= 3_600))
            throw new UsageException($"{_maxAge.Name} is 1 to 3600.");
        var urls = (parsed.GetValue(_purge) ?? []).Select(text => HttpUrl.Parse(_purge.Name, text)).ToList();
        return new CdnOptions
        {
            MaxAge = TimeSpan.FromSeconds(parsed.GetValue(_maxAge)),
            PurgeUrls = urls,
            GroupHeader = parsed.GetValue(_header) ?? (urls.Count > 0 ? "Surrogate-Key" : null),
            PurgeCredential = Credential(Secret.Read(CredentialVariable)),
        };
    }

    private static KeyValuePair<string, string>? Credential(string? text)
    {
        if (text is null)
            return null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? new(text[..colon].Trim(), text[(colon + 1)..].Trim()) : throw new UsageException($"{CredentialVariable} is no 'Name: value'.");
    }
}
