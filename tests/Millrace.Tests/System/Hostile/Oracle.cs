using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>What every answer must be, whatever was asked.</summary>
internal sealed class Oracle(Contract contract, string dataDirectory)
{
    // Of what the inside looks like. Nothing that is sent contains them, so an echo is no false alarm.
    private static readonly string[] Inside = ["Exception", "   at ", ".cs:line", "System.", "Microsoft.", "Millrace.", "StackTrace", "Sqlite", "Npgsql", "Utf8JsonReader", "Kestrel", "/src/"];

    /// <summary>By status, and the problem's code.</summary>
    public SortedDictionary<string, int> Seen { get; } = new(StringComparer.Ordinal);

    /// <returns>The answer's JSON; null when it has none.</returns>
    public JsonElement? Check(RawAnswer answer, bool mayBeNoHttp, bool isHead, Func<string> what)
    {
        var code = "";
        var json = default(JsonElement?);
        try
        {
            Assert.True(answer.Status is > 0 and < 500, "an answer that is no failure of ours");
            Assert.False(answer.Headers.ContainsKey("X-Evil") || answer.Headers.ContainsKey("Server"), "headers of ours alone");
            if (!answer.IsFromEdge)
            {
                Assert.True(mayBeNoHttp, "an answer of the edge");
                Assert.True(answer.Status is >= 400 and < 500 && answer.Body.Length == 0, "a bare refusal of what is not HTTP");
            }
            else if (!isHead && answer.Headers.GetValueOrDefault("Content-Type")?.Contains("json", StringComparison.Ordinal) == true)
            {
                json = JsonDocument.Parse(answer.Body).RootElement;
            }

            if (answer.Status >= 400 && answer.IsFromEdge && !isHead)
                code = CheckProblem(answer, json);
            var key = $"{answer.Status.ToString(CultureInfo.InvariantCulture)} {(answer.IsFromEdge ? code : "(not HTTP)")}".TrimEnd();
            lock (Seen)
                Seen[key] = Seen.GetValueOrDefault(key) + 1;
            return json;
        }
        catch (Exception broken)
        {
            throw new InvalidOperationException($"Expected {broken.Message}: {what()} -> {answer}", broken);
        }
    }

    private string CheckProblem(RawAnswer answer, JsonElement? json)
    {
        Assert.Equal("application/problem+json", answer.Headers.GetValueOrDefault("Content-Type"));
        var problem = json!.Value;
        var code = problem.GetProperty("code").GetString()!;
        Assert.Contains(code, contract.Codes);
        Assert.Equal(answer.Status, problem.GetProperty("status").GetInt32());
        Assert.Equal("https://millrace.dev/problems/" + code, problem.GetProperty("type").GetString());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
        Assert.Equal(answer.Headers["Request-Id"], problem.GetProperty("trace_id").GetString());
        foreach (var word in Inside.Append(dataDirectory))
            Assert.DoesNotContain(word, answer.Text, StringComparison.Ordinal);
        return code;
    }
}
