using System.CommandLine;
using Millrace.Api.Tokens;
using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <summary>Whose tokens are accepted beside API keys: <c>--oidc-issuer</c> and <c>--oidc-audience</c>.</summary>
internal sealed class TokenIssuerOptions
{
    private readonly Option<string?> _issuer = new("--oidc-issuer") { Description = "Issuer URL of an OpenID Connect provider whose access tokens are accepted beside API keys; https, unless it is on this machine." };
    private readonly Option<string?> _audience = new("--oidc-audience") { Description = "What those tokens must be meant for; needed with --oidc-issuer." };
    private readonly Option<string> _tenant = new("--oidc-tenant-claim") { Description = "The claim that names the merchant; scopes come from scope, scp and roles.", DefaultValueFactory = _ => TokenOptions.DefaultTenantClaim };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _issuer, _audience, _tenant })
            command.Options.Add(option);
    }

    /// <returns>Null when none is given.</returns>
    /// <exception cref="UsageException">They do not fit together.</exception>
    public TokenOptions? Read(ParseResult parsed)
    {
        var (issuer, audience) = (parsed.GetValue(_issuer), parsed.GetValue(_audience));
        if (issuer is null && audience is null)
            return null;
        if (issuer is null || string.IsNullOrWhiteSpace(audience))
            throw new UsageException($"{_issuer.Name} and {_audience.Name} go together: tokens that are meant for others are not accepted.");
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || (url.Scheme == "http" && !url.IsLoopback))
            throw new UsageException($"{_issuer.Name} '{issuer}' is no https URL.");
        return new TokenOptions(url, audience, parsed.GetValue(_tenant)!);
    }
}
