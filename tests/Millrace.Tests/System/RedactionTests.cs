using System.Text;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.EndToEnd.Hostile;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>However much an operator lets the server say, none of it is a secret, and none is about a person.</summary>
[Collection(OwnProcesses.Name)]
public sealed class RedactionTests : IDisposable
{
    private const string Secret = "S3cr3t";
    private const string Person = "Pers0n";

    // More than any operator would: every category, to the last detail, on the console alone, which overrides what is set for all.
    private static readonly Dictionary<string, string> Everything = new(StringComparer.Ordinal)
    {
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__Console__LogLevel__Default"] = "Trace",
        ["Logging__Console__LogLevel__Millrace"] = "Trace",
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_that_a_server_says_is_a_secret_or_about_a_person()
    {
        var webhookSecret = Secret + "-webhook-0123456789";
        var settings = new ServerSettings(_folder["node"])
        {
            // Nobody is there: every payment, every token and every limit fails aloud.
            Psp = new Uri($"http://127.0.0.1:{FreePort.Find()}"),
            WebhookSecret = webhookSecret,
            More = ["--oidc-issuer", $"http://127.0.0.1:{FreePort.Find()}", "--oidc-audience", "millrace"],
            Environment = new(Everything, StringComparer.Ordinal) { ["MILLRACE_REDIS"] = $"127.0.0.1:{FreePort.Find()},password={Secret}-redis" },
        };
        var key = NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        var secrets = new List<string> { key, webhookSecret };
        var server = await StartAsync(settings);
        await using (server)
        {
            using var api = new ApiClient(settings.Address, key);
            secrets.Add(await TradeAsync(api));
            await KnockAsync(settings, key);
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.Contains(_said, line => line.StartsWith("trce:", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("Millrace", StringComparison.Ordinal));
        SaysNothing([.. secrets, Secret, Person]);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=u;Password=S3cr3t")]
    [InlineData("postgres://user:S3cr3t@127.0.0.1/db")]
    [InlineData("Host=127.0.0.1;Pasword=S3cr3t")]
    public async Task A_start_that_fails_does_not_say_the_password(string connectionString)
    {
        await File.WriteAllTextAsync(_folder["connection"], connectionString + "\n");
        await FailAsync("MILLRACE_POSTGRES_FILE", _folder["connection"]);
        await FailAsync("MILLRACE_POSTGRES", connectionString);
        Assert.DoesNotContain(_said, IsWarning);
        await FailAsync("UNUSED", "", "--postgres", connectionString);
        Assert.Equal(connectionString.Contains("Password=", StringComparison.Ordinal), _said.Exists(IsWarning));
        Assert.Equal(3, _said.Count(line => line.StartsWith("millrace:", StringComparison.Ordinal) && !IsWarning(line)));
        Assert.DoesNotContain(_said, line => line.Contains("   at ", StringComparison.Ordinal));
        SaysNothing([Secret]);

        static bool IsWarning(string line) => line.Contains("gives a password on the command line", StringComparison.Ordinal);
    }

    private async Task FailAsync(string variable, string value, params string[] more)
    {
        await using var server = Launch(new ServerSettings(_folder["node"]) { More = more, Environment = new(Everything, StringComparer.Ordinal) { [variable] = value } });
        Assert.InRange(await server.Process.ExitAsync(), 1, 2);
    }

    /// <returns>The text of a key that was made.</returns>
    private static async Task<string> TradeAsync(ApiClient api)
    {
        Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/SKU-1", Bodies.Item())).Status);
        Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("SKU-1", 10), "k1")).Status);
        var body = Bodies.Order("SKU-1", token: $"tok_{Secret}").With("external_id", $"ext-{Person}")
            .With("metadata", new JsonObject { [$"name-{Person}"] = $"note-{Person}" })
            .With("addresses", new JsonObject { ["shipping"] = new JsonObject { ["name"] = $"n-{Person}", ["line1"] = $"l-{Person}", ["line2"] = $"m-{Person}", ["city"] = $"c-{Person}", ["region"] = $"r-{Person}", ["postal_code"] = $"p-{Person}" } });
        body["customer"] = new JsonObject { ["id"] = $"id-{Person}", ["name"] = $"name-{Person}", ["email"] = $"{Person}@example.com" };
        var placed = await api.PlaceAsync(body.ToJsonString(), $"idem-{Person}", "Prefer: wait=1");
        Assert.Equal(202, placed.Status);
        foreach (var query in new[] { "customer=id-", "external_id=ext-", "idempotency_key=idem-" })
            Assert.Equal(200, (await api.GetAsync($"/v1/orders?{query}{Person}")).Status);
        Assert.Equal(200, (await api.PostAsync($"/v1/orders/{placed.Id()}/holds", $$"""{"kind":"fraud","reason":"reason {{Person}}"}""", "k2")).Status);
        Assert.InRange((await api.PostAsync($"/v1/orders/{placed.Id()}/ship", $$"""{"carrier":"{{Person}}","tracking":"{{Person}}"}""", "k3")).Status, 200, 499);
        Assert.InRange((await api.PostAsync($"/v1/orders/{placed.Id()}/cancel", $$"""{"reason":"{{Person}}"}""", "k4")).Status, 200, 499);
        // Refused, each in its way.
        (await api.PlaceAsync(body.With("surprise", Person).ToJsonString(), "k5")).Problem(422, "invalid_request");
        (await api.PlaceAsync($$"""{"{{Person}}":""", "k6")).Problem(400, "malformed_json");
        (await api.GetAsync($"/v1/orders/{Person}")).Problem(404, "order_not_found");
        (await api.GetAsync($"/v1/nothing/{Person}?q={Person}")).Problem(404, "not_found");
        var made = await api.PostAsync("/v1/api-keys", $$"""{"name":"{{Person}}","scopes":["orders:read"]}""", "k7");
        Assert.Equal(201, made.Status);
        return made.Text("key");
    }

    private static async Task KnockAsync(ServerSettings settings, string key)
    {
        foreach (var credentials in new[] { $"mr_live_{Secret}", $"{key}x", $"eyJhbGciOiJFUzI1NiJ9.{Convert.ToBase64String(Encoding.ASCII.GetBytes(Secret))}.{Secret}" })
        {
            using var stranger = new ApiClient(settings.Address, credentials);
            Assert.InRange((await stranger.GetAsync("/v1/orders")).Status, 401, 503);
        }

        using var anonymous = new ApiClient(settings.Address, "");
        (await anonymous.SendAsync("POST", "/v1/psp/psp/webhooks", $$"""{"id":"{{Person}}"}""", $"Psp-Signature: t=1,v1={Secret}")).Problem(400, "signature_refused");
        // What the server's own parser refuses, it may want to tell of.
        foreach (var head in new[] { $"Authorization : Bearer {key}", $"X: {Secret}\0", $"Authorization: Bearer {key}\r\n folded", $"Cookie{Secret}" })
        {
            using var http = new RawHttp(settings.Port);
            Assert.Equal(400, (await http.SendAsync(Encoding.Latin1.GetBytes($"GET /v1/orders?q={Person} HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n"))).Status);
        }

        using var raw = new RawHttp(settings.Port);
        Assert.Equal(400, (await raw.SendAsync(Encoding.Latin1.GetBytes($"GET /v1/items/{Secret}%00 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n"))).Status);
    }

    private async Task<ServerProcess> StartAsync(ServerSettings settings)
    {
        var server = Launch(settings);
        await Eventually.Async(() => server.IsAsync("/readyz"), "the server is ready");
        return server;
    }

    // All of it: the process keeps only its last words.
    private ServerProcess Launch(ServerSettings settings) => ServerProcess.Launch(settings, Hear);

    private void Hear(string line)
    {
        lock (_said)
            _said.Add(line);
    }

    private void SaysNothing(params string[] words)
    {
        lock (_said)
        {
            foreach (var word in words)
                Assert.True(!_said.Exists(line => line.Contains(word, StringComparison.OrdinalIgnoreCase)), $"'{word}' was said: {_said.Find(line => line.Contains(word, StringComparison.OrdinalIgnoreCase))}");
        }
    }
}
