using System.Net;
using System.Text;

namespace Millrace.Tests.Client;

/// <summary>Answers as the script says, its last line for ever, and notes what was asked. A script's line may throw: the connection is lost then.</summary>
internal sealed class ScriptedServer(params Func<HttpResponseMessage>[] script) : HttpMessageHandler
{
    public List<SeenRequest> Seen { get; } = [];

    public static HttpResponseMessage Problem(int status, string code, string? retryAfter = null) =>
        Json(status, $$"""{"type":"t","title":"No","status":{{status}},"detail":"Not now.","code":"{{code}}","trace_id":"0HN"}""", "application/problem+json", retryAfter);

    public static HttpResponseMessage Json(int status, string body, string mediaType = "application/json", string? retryAfter = null)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
        if (retryAfter is not null)
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return response;
    }

    public static HttpResponseMessage Lost() => throw new HttpRequestException("broken off");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var headers = request.Headers.NonValidated.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Seen.Add(new SeenRequest(request.Method.Method, request.RequestUri!, headers, request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken)));
        return script[Math.Min(Seen.Count, script.Length) - 1]();
    }
}

internal sealed record SeenRequest(string Method, Uri Address, Dictionary<string, string> Headers, string? Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
