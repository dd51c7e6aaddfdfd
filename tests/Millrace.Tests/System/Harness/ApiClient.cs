using System.Net.Http.Headers;
using System.Text;
using Millrace.Tests.Api;

namespace Millrace.Tests.EndToEnd;

/// <summary>A client of one server, with one API key. Knows nothing of retries: what comes back is what was answered.</summary>
public sealed class ApiClient(Uri address, string key) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose() => _http.Dispose();

    /// <param name="headers">Name, colon, value.</param>
    public Task<ApiAnswer> SendAsync(string method, string path, string? body = null, params string[] headers) =>
        SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    public async Task<ApiAnswer> SendAsync(string method, string path, byte[]? body, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = key.Length == 0 ? null : new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
        {
            // A large body is not sent before the server has seen the headers: it may refuse by them alone.
            request.Headers.ExpectContinue = body.Length > 1 << 20;
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        foreach (var header in headers)
        {
            var split = header.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (header[..split], header[(split + 1)..].Trim());
            if (request.Headers.TryAddWithoutValidation(name, value))
                continue;
            // One of the content's own: in place of the one set above.
            request.Content!.Headers.Remove(name);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await AnswerAsync(request);
        var answer = await ApiAnswer.ReadAsync(response);
        OpenApi.Contract.Hold(method, path, answer);
        return answer;
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request)
    {
        try
        {
            return await _http.SendAsync(request);
        }
        catch (System.Net.Sockets.SocketException broken)
        {
            // A server that is killed in the instant in which the connection was made.
            throw new HttpRequestException(HttpRequestError.ConnectionError, broken.Message, broken);
        }
    }

    public Task<ApiAnswer> GetAsync(string path, params string[] headers) => SendAsync("GET", path, (byte[]?)null, headers);

    public Task<ApiAnswer> PostAsync(string path, string body, string idempotencyKey, params string[] headers) =>
        SendAsync("POST", path, body, [$"Idempotency-Key: {idempotencyKey}", .. headers]);

    public Task<ApiAnswer> PlaceAsync(string body, string idempotencyKey, params string[] headers) =>
        PostAsync("/v1/orders", body, idempotencyKey, headers);
}
