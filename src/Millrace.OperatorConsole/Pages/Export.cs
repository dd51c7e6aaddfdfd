using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Millrace.OperatorConsole.Pages;

/// <summary>A list as a file, CSV or NDJSON, page after page: no more of it is in memory than a page.</summary>
internal static class Export
{
    /// <summary>How many are asked for at once.</summary>
    public const int PageSize = 200;

    private static readonly byte[] EndOfLine = "\n"u8.ToArray();

    // A cell that a spreadsheet would take for a formula is escaped: customers choose some of these texts.
    private static readonly CsvConfiguration Csv = new(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape, NewLine = "\r\n" };

    // As the API says it.
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Where the list at <paramref name="path"/> that <paramref name="query"/> asks for is a file.</summary>
    public static string Link(string path, string query, string format)
    {
        var kept = QueryHelpers.ParseQuery(query);
        kept.Remove("cursor");
        kept["format"] = format;
        return $"{path}/export{QueryString.Create(kept)}";
    }

    /// <param name="http">Whose query says the format.</param>
    /// <param name="list">All of it.</param>
    /// <param name="name">Of the file, without its ending.</param>
    /// <param name="columns">Of CSV; NDJSON has everything.</param>
    public static async Task<IResult> SendAsync<T>(HttpContext http, IAsyncEnumerable<T> list, string name, (string Name, Func<T, string?> Of)[] columns)
    {
        var format = http.Request.Query["format"].ToString();
        if (format is not ("csv" or "ndjson"))
            return Results.BadRequest("format is csv or ndjson.");
        var cancellation = http.RequestAborted;
        var rows = list.GetAsyncEnumerator(cancellation);
        http.Response.RegisterForDisposeAsync(rows);
        // What the API refuses is said on a page, which it cannot be once the file has begun: then it breaks off, and the browser says so.
        var isAny = await rows.MoveNextAsync();
        return format == "csv"
            ? Results.Stream(body => WriteCsvAsync(rows, isAny, columns, body), "text/csv; charset=utf-8", name + ".csv")
            : Results.Stream(body => WriteLinesAsync(rows, isAny, body, cancellation), "application/x-ndjson", name + ".ndjson");
    }

    public static string Time(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    private static async Task WriteCsvAsync<T>(IAsyncEnumerator<T> rows, bool isAny, (string Name, Func<T, string?> Of)[] columns, Stream body)
    {
        await using var text = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true);
        await using var csv = new CsvWriter(text, Csv, leaveOpen: true);
        foreach (var (name, _) in columns)
            csv.WriteField(name);
        await csv.NextRecordAsync();
        for (; isAny; isAny = await rows.MoveNextAsync())
        {
            foreach (var (_, of) in columns)
                csv.WriteField(of(rows.Current));
            await csv.NextRecordAsync();
        }
    }

    private static async Task WriteLinesAsync<T>(IAsyncEnumerator<T> rows, bool isAny, Stream body, CancellationToken cancellation)
    {
        for (; isAny; isAny = await rows.MoveNextAsync())
        {
            await JsonSerializer.SerializeAsync(body, rows.Current, Json, cancellation);
            await body.WriteAsync(EndOfLine, cancellation);
        }
    }
}
