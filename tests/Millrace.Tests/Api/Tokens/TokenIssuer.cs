using Millrace.Cli.Serve;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server.AspNetCore;
using Xunit;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Millrace.Tests.Api.Tokens;

/// <summary>A real OpenID Connect provider (OpenIddict) on loopback: metadata, published keys and tokens over HTTP. It believes whatever a client says of itself.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    public const string Audience = "millrace";
    private readonly HttpClient _http = new();
    private WebApplication? _app;

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePort.Find()}");

    /// <summary>With another signing key than before.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(Url.ToString());
        builder.Logging.ClearProviders();
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode();
            server.SetIssuer(Url).SetTokenEndpointUris("/token").AllowClientCredentialsFlow();
            server.AddEncryptionKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32))).DisableAccessTokenEncryption();
            server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.NewGuid().ToString("N") });
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(_ => default));
            server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseInlineHandler(Sign));
            server.UseAspNetCore().DisableTransportSecurityRequirement();
        });
        _app = builder.Build();
        _app.UseAuthentication();
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        _app = null;
    }

    /// <returns>A signed token.</returns>
    public async Task<string> TokenAsync(string? tenant, string scopes, string audience = Audience, string subject = "ada", int seconds = 300)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "client_credentials", ["client_id"] = subject, ["client_secret"] = "any", ["wanted"] = scopes, ["tenant"] = tenant ?? "", ["aud"] = audience,
            ["seconds"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });
        using var answer = await _http.PostAsync(new Uri(Url, "/token"), form);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return (string)JsonNode.Parse(body)!["access_token"]!;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
    }

    private static ValueTask Sign(HandleTokenRequestContext context)
    {
        var identity = new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        identity.AddClaim(new Claim(Claims.Subject, context.Request.ClientId!).SetDestinations(Destinations.AccessToken));
        if ((string?)context.Request["tenant"] is { Length: > 0 } tenant)
            identity.AddClaim(new Claim("tenant", tenant).SetDestinations(Destinations.AccessToken));
        identity.AddClaim(new Claim("roles", (string)context.Request["wanted"]!).SetDestinations(Destinations.AccessToken));
        var principal = new ClaimsPrincipal(identity);
        principal.SetAudiences((string)context.Request["aud"]!);
        principal.SetAccessTokenLifetime(TimeSpan.FromSeconds((long)context.Request["seconds"]!));
        context.SignIn(principal);
        return default;
    }
}
