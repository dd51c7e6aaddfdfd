using System.Net;
using System.Text.RegularExpressions;

namespace Millrace.Tests.EndToEnd;

/// <summary>A browser without eyes: keeps cookies, follows nothing, sends forms.</summary>
internal sealed partial class ConsoleVisitor : IDisposable
{
    private readonly HttpClient _http;

    public ConsoleVisitor(Uri address) => _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = address };

    public CookieContainer Cookies { get; } = new();

    public async Task<Page> GetAsync(string path) => await ReadAsync(await _http.GetAsync(path));

    /// <summary>A stream of what happens.</summary>
    public Task<Stream> OpenAsync(string path) => _http.GetStreamAsync(path);

    public async Task<Page> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await ReadAsync(await _http.PostAsync(path, form));
    }

    public Task<Page> SignInAsync(string key, string to = "/orders") => PostAsync("/sign-in", ("api_key", key), ("to", to));

    /// <summary>What the forms of this session carry: every page has the one that signs out, but for those of the demo.</summary>
    public async Task<string> FormTokenAsync(string path = "/orders") => FormToken().Match((await GetAsync(path)).Body) is { Success: true } found
        ? found.Groups["token"].Value
        : throw new InvalidOperationException("The page has no form of the session.");

    public void Dispose() => _http.Dispose();

    private static async Task<Page> ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var headers = answer.Headers.Concat(answer.Content.Headers).ToDictionary(h => h.Key, h => string.Join('\n', h.Value), StringComparer.OrdinalIgnoreCase);
            return new Page((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), headers);
        }
    }

    [GeneratedRegex("name=\"form_token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex FormToken();

    public sealed record Page(int Status, string Body, Dictionary<string, string> Headers)
    {
        public string? Location => Headers.GetValueOrDefault("Location");
    }
}
