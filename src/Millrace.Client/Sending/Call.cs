using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Client.Sending;

/// <summary>One request to the API, the same for all its attempts.</summary>
internal sealed record Call(HttpMethod Method, string Path)
{
    private const int MostKeyCharacters = 255;

    private (string Name, string Value)[] Headers { get; init; } = [];

    private byte[]? Body { get; init; }

    /// <summary>Nothing more happens when it is done twice. True of GET, PUT and DELETE, which say what shall be.</summary>
    public bool MayRepeat { get; init; } = true;

    /// <summary>For all attempts; null for the client's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long the server waits on purpose.</summary>
    public TimeSpan Wait { get; init; }

    public static Call Get(FormattableString path, CallOptions? options = null) => new(HttpMethod.Get, Escape(path)) { Timeout = options?.Timeout };

    public static Call Delete(FormattableString path, CallOptions? options = null) => new(HttpMethod.Delete, Escape(path)) { Timeout = options?.Timeout };

    public static Call Put(FormattableString path, CallOptions? options = null) => new(HttpMethod.Put, Escape(path)) { Timeout = options?.Timeout };

    public static Call Put<T>(FormattableString path, T body, JsonTypeInfo<T> type, CallOptions? options = null) =>
        new(HttpMethod.Put, Escape(path)) { Timeout = options?.Timeout, Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };

    /// <summary>A change under an idempotency key, a new one when none is given.</summary>
    public static Call Post<T>(FormattableString path, T body, JsonTypeInfo<T> type, CallOptions? options)
    {
        var key = Quoted(options?.IdempotencyKey ?? Guid.NewGuid().ToString("N"));
        return Post(path, JsonSerializer.SerializeToUtf8Bytes(body, type), options).With("Idempotency-Key", key).With("If-Match", options?.IfMatch) with { MayRepeat = true };
    }

    /// <summary>Without a key: not repeated, unless it is said that it may be.</summary>
    public static Call Post(FormattableString path, byte[] body, CallOptions? options) =>
        new(HttpMethod.Post, Escape(path)) { Timeout = options?.Timeout, Body = body, MayRepeat = false };

    /// <param name="name">Of a header.</param>
    /// <param name="value">Null for no such header.</param>
    public Call With(string name, string? value) => value is null ? this : this with { Headers = [.. Headers, (name, value)] };

    /// <summary>Asks the server to answer when the order is settled, or after that time.</summary>
    public Call Waiting(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
            return this;
        MillraceClientOptions.CheckTimeout(wait, nameof(wait));
        return With("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={(long)Math.Ceiling(wait.TotalSeconds)}")) with { Wait = wait };
    }

    public HttpRequestMessage NewRequest(Uri server)
    {
        var request = new HttpRequestMessage(Method, new Uri(server, Path));
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (Body is not null)
            request.Content = new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return request;
    }

    // Relative, for a server behind a proxy's path. What is filled in is one segment, whatever it holds.
    private static string Escape(FormattableString path) => string.Format(CultureInfo.InvariantCulture, path.Format,
        [.. path.GetArguments().Select(argument => argument is string { Length: > 0 } and not "." and not ".."
            ? Uri.EscapeDataString((string)argument)
            : throw new ArgumentException($"'{argument}' names nothing that has an address.", nameof(path)))]);

    // A structured field (RFC 9651): a key may hold commas and quotes.
    private static string Quoted(string key)
    {
        if (key.Length is 0 or > MostKeyCharacters || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException("An idempotency key is 1 to 255 printable ASCII characters.", nameof(key));
        return $"\"{key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
