using System.Text;
using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>The server refused a request: its problem document (RFC 9457).</summary>
internal sealed class ApiException : Exception
{
    private ApiException(int status, string code, string message) : base(message)
    {
        Status = status;
        Code = code;
    }

    public int Status { get; }

    /// <summary>The problem's stable code; <c>http_NNN</c> when what answered is not our server.</summary>
    public string Code { get; }

    /// <summary>Not refused for good, and by a proxy on the way perhaps not refused at all: the same request, under the same key, may be sent again later.</summary>
    public bool IsTransient => Status is 429 or 502 or 503 or 504;

    public static ApiException Of(int status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Of(status, document.RootElement);
        }
        catch (JsonException)
        {
            // A proxy or another program answered; its page helps nobody.
            return Unnamed(status);
        }
    }

    private static ApiException Of(int status, JsonElement problem)
    {
        if (problem.Text("code") is not { } code)
            return Unnamed(status);
        var detail = problem.Text("detail") ?? problem.Text("title") ?? "";
        var words = new StringBuilder($"{status} {code}: {detail}");
        foreach (var error in problem.Find("errors") is { ValueKind: JsonValueKind.Array } errors ? errors.EnumerateArray() : default)
        {
            // Where there is one, the detail has said it already, but for where it is.
            words.Append(detail.EndsWith(error.Text("detail") ?? " ", StringComparison.Ordinal)
                ? $"\n  {error.Text("pointer")} ({error.Text("code")})"
                : $"\n  {error.Text("pointer")}: {error.Text("detail")} ({error.Text("code")})");
        }

        if (problem.Text("trace_id") is { } trace)
            words.Append($"\n  trace {trace}");
        return new ApiException(status, code, words.ToString());
    }

    private static ApiException Unnamed(int status) => new(status, $"http_{status}", $"The server answered {status} without a problem document.");
}
