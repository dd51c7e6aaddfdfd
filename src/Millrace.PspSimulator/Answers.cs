using System.Text.Json;

namespace Millrace.PspSimulator;

internal static class Answers
{
    /// <summary>Writes a whole body with its length, of a type that <see cref="PspJson"/> knows.</summary>
    public static async Task WriteAsync(HttpContext context, int status, object body)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), PspJson.Default);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Ours: the serializer's own words name types of the program.</summary>
    public static string Explain(JsonException exception) =>
        exception.Path is { Length: > 1 } path ? $"{path} is unknown, there twice, or not of its type." : "a JSON object of the documented members is expected.";
}
