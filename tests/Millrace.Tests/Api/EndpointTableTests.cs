using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Millrace.Api.Documentation;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.OperatorConsole;
using Millrace.Tests.Architecture;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>Every endpoint of a real node, and what opens it. The scope that is documented is the one that is asked for: both come from one place (Routes).</summary>
public sealed class EndpointTableTests : IDisposable
{
    private const string Page = "docs/endpoints.md";

    // Without a key: each for a reason that the table gives. An endpoint that is neither here nor has a scope fails.
    private static readonly Dictionary<string, string> Open = new(StringComparer.Ordinal)
    {
        ["GET /livez"] = "nobody: says only that the process answers",
        ["GET /readyz"] = "nobody: says only whether it serves",
        ["GET /startupz"] = "nobody: says only whether it has served",
        ["POST /v1/psp/{name}/webhooks"] = "the provider's signature",
        ["GET /metrics"] = "the management listener; without one, this machine",
        ["GET /openapi/v1.json"] = "nobody: the public contract",
        ["GET /docs/{documentName?}"] = "nobody: the public contract",
        ["GET /v1/caller"] = "any live key or token",
        ["GET /v1/track/{token}"] = "whoever has the order's tracking link: 128 bits of it cannot be guessed",
    };

    // Of the console: all others need a session, which can do what its key can.
    private static readonly string[] OpenPages = ["GET /_console/{hash}/{name}", "GET /sign-in", "POST /sign-in"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_endpoint_has_its_scope_in_the_table()
    {
        await using var app = Node.Build(new NodeOptions { DataDirectory = _folder["node"], Url = "http://127.0.0.1:0", PspWebhookSecret = new string('s', 32) });
        var all = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText is not null && !IsPartOfDocs(endpoint))
            // A HEAD is its GET without the body, by the same handler.
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Where(method => method != "HEAD").Select(method => (
                Name: $"{method} {Route(endpoint)}", Document: endpoint.Metadata.GetMetadata<EndpointDocument>(), Page: endpoint.Metadata.GetMetadata<ConsoleEndpoint>())))
            .ToList();
        Assert.Equal(OpenPages, all.Where(e => e.Page is { IsOpen: true }).Select(e => e.Name).Order(StringComparer.Ordinal));
        var endpoints = all.Where(e => e.Page is null).Select(e => (e.Name, e.Document)).ToList();
        Assert.Empty(endpoints.Where(e => (e.Document?.Scope ?? Scopes.None) == Scopes.None).Select(e => e.Name).Except(Open.Keys, StringComparer.Ordinal));
        Assert.DoesNotContain(endpoints, e => e.Document is { Scope: not Scopes.None } && Open.ContainsKey(e.Name));

        // The document of the API knows them all, so that whoever walks it walks all of them.
        var paths = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "openapi.json")))!["paths"]!.AsObject();
        Assert.Equal(
            endpoints.Where(e => e.Document is not null).Select(e => e.Name).Order(StringComparer.Ordinal),
            paths.SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")).Order(StringComparer.Ordinal));

        var table = new StringBuilder("# Endpoints and scopes\n\nMade from the endpoints themselves (`UPDATE_DOCS=1 ./millrace test`). What the scopes are: [access.md](access.md).\n\n| endpoint | opened by | what it does |\n|---|---|---|\n");
        foreach (var (name, document) in endpoints.OrderBy(e => e.Name.Split(' ')[1], StringComparer.Ordinal).ThenBy(e => e.Name, StringComparer.Ordinal))
            table.Append(null, $"| `{name}` | {(document is { Scope: not Scopes.None } ? $"`{string.Join("` `", ScopeNames.Of(document.Scope))}`" : Open[name])} | {document?.Summary ?? "-"} |\n");
        table.Append("\n## Pages of the console\n\nEach needs a session, which is an API key that was signed in with, and can do what the key can; only signing in, and scripts and styles, are open.\n\n");
        foreach (var page in all.Where(e => e.Page is not null).Select(e => e.Name).Order(StringComparer.Ordinal))
            table.Append(null, $"- `{page}`{(OpenPages.Contains(page) ? ", open" : "")}\n");
        var file = Path.Combine(Repository.Root, Page);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(file, table.ToString());
        Assert.True(File.Exists(file), $"{Page} is missing: run once with UPDATE_DOCS=1.");
        Assert.Equal(table.ToString(), await File.ReadAllTextAsync(file));
    }

    // Files of the reference's own page.
    private static bool IsPartOfDocs(RouteEndpoint endpoint) => Route(endpoint).StartsWith("/docs", StringComparison.Ordinal) && !Open.ContainsKey("GET " + Route(endpoint));

    private static string Route(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');
}
