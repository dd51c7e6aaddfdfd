using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Api.Problems;

namespace Millrace.Api.Edge;

/// <summary>
/// Writes answers: rendered whole first, so that each has its length and none is half sent. The renderer's buffer and
/// JSON writer belong to the thread, since nothing awaits between rendering and copying into the response.
/// </summary>
internal static class Answer
{
    private const int MaxKeptBytes = 1 << 20;

    // Safe with nosniff and a JSON media type; the default would escape every letter outside ASCII.
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public static Task Json<T>(HttpContext http, int status, T value, Action<Utf8JsonWriter, T> render) =>
        Send(http, status, "application/json", Render(value, render));

    public static Task Problem(HttpContext http, Problem problem)
    {
        var response = http.Response;
        if (problem.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        else if (problem.Kind.Status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = "1";
        response.Headers.CacheControl = "no-store";
        var body = Render((problem, TraceId(http)), static (w, p) => ProblemJson.Write(w, p.problem, p.Item2));
        return Send(http, problem.Kind.Status, "application/problem+json", body);
    }

    public static Task Empty(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>The trace of the caller when there is one; else the request's own id.</summary>
    public static string TraceId(HttpContext http) =>
        System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;

    public static Task Send(HttpContext http, int status, string contentType, ReadOnlySpan<byte> body)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        // Kestrel sends headers and body together when the request ends: no flush of our own.
        if (!HttpMethods.IsHead(http.Request.Method))
            response.BodyWriter.Write(body);
        return Task.CompletedTask;
    }

    /// <summary>Valid until the thread renders again.</summary>
    public static ReadOnlySpan<byte> Render<T>(T value, Action<Utf8JsonWriter, T> render)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        if (buffer.Capacity > MaxKeptBytes)
            buffer = _buffer = new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        writer.Reset(buffer);
        render(writer, value);
        writer.Flush();
        return buffer.WrittenSpan;
    }
}
