using System.Text;

namespace Millrace.Cli.Client;

/// <summary>A request as a command for a shell. The key is never in it: the shell puts it there.</summary>
internal static class Curl
{
    public static string Of(Uri server, ApiRequest request)
    {
        var text = new StringBuilder("curl --fail-with-body -sS");
        if (request.Method != HttpMethod.Get)
            text.Append(" -X ").Append(request.Method.Method);
        text.Append(" -H \"Authorization: Bearer $MILLRACE_KEY\"");
        if (request.IdempotencyKey is { } key)
            text.Append(" -H ").Append(Quoted($"Idempotency-Key: {key}"));
        if (request.Prefer is { } prefer)
            text.Append(" -H ").Append(Quoted($"Prefer: {prefer}"));
        // --data-raw: a body that begins with @ is no file.
        if (request.Body is { } body)
            text.Append(" -H 'Content-Type: application/json' --data-raw ").Append(Quoted(Encoding.UTF8.GetString(body)));
        return text.Append(' ').Append(Quoted(request.At(server).AbsoluteUri)).ToString();
    }

    /// <summary>One word to a POSIX shell, whatever it holds.</summary>
    public static string Quoted(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
