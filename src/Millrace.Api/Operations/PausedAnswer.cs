using Millrace.Api.Edge;
using Millrace.Api.Json;

namespace Millrace.Api.Operations;

/// <summary>What an operator has paused: payment providers, or merchants.</summary>
/// <param name="SinceUnixMs">When that was asked for.</param>
/// <param name="By">Who asked.</param>
/// <param name="IsSeen">It has come by at the asked node since it started.</param>
internal readonly record struct PausedRow(string Name, long SinceUnixMs, string? By, bool IsSeen);

/// <summary>The list that each of their endpoints answers with.</summary>
internal static class PausedAnswer
{
    public static Task SendAsync(HttpContext http, IEnumerable<PausedRow> paused)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, paused, static (w, rows) =>
        {
            w.WriteStartObject();
            w.WriteData(rows, static (each, row) =>
            {
                each.WriteStartObject();
                each.WriteString("name"u8, row.Name);
                each.WriteTime("since"u8, row.SinceUnixMs);
                each.WriteString("by"u8, row.By);
                each.WriteBoolean("seen"u8, row.IsSeen);
                each.WriteEndObject();
            });
            w.WriteEndObject();
        });
    }
}
