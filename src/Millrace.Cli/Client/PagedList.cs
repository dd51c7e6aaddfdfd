using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>Reads a list page by page, until its end or as many rows as are wanted.</summary>
internal static class PagedList
{
    /// <param name="first">The first page, with its query.</param>
    /// <param name="cursorName">The query's name for where the next page begins.</param>
    /// <param name="most">Rows that are wanted.</param>
    /// <returns>The rows, and whether there are more than were wanted.</returns>
    public static async Task<(List<JsonElement> Rows, bool HasMore)> ReadAsync(
        MillraceClient client, ApiRequest first, string cursorName, int most, CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        string? cursor = null;
        do
        {
            // The first may begin further on itself: its place stands last, and the next one's is instead of it.
            var path = cursor is null ? first.Path : $"{first.Path.Split($"&{cursorName}=")[0]}&{cursorName}={Uri.EscapeDataString(cursor)}";
            var body = (await client.GetAsync(path, cancellation)).Body;
            rows.AddRange(body.Rows());
            cursor = body.Text("next_cursor");
        }
        while (cursor is not null && rows.Count < most);
        var hasMore = cursor is not null || rows.Count > most;
        return (rows.Count > most ? rows.GetRange(0, most) : rows, hasMore);
    }
}
