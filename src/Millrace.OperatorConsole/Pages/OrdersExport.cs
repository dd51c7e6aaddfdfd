using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Millrace.Client.Orders;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>A list of orders as a file, page after page: no more of it is in memory than a page.</summary>
internal static class OrdersExport
{
    private const int PageSize = 200;
    private static readonly byte[] EndOfLine = "\n"u8.ToArray();
    private static readonly string[] Columns =
        ["id", "external_id", "status", "payment_status", "fulfillment_status", "customer", "currency", "total_minor", "placed_at", "updated_at", "attention"];

    // A cell that a spreadsheet would take for a formula is escaped: customers choose some of these texts.
    private static readonly CsvConfiguration Csv = new(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape, NewLine = "\r\n" };

    // As the API says it.
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Link(string query, string format)
    {
        var kept = QueryHelpers.ParseQuery(query);
        kept.Remove("cursor");
        kept["format"] = format;
        return "/orders/export" + QueryString.Create(kept);
    }

    public static async Task<IResult> ExportAsync(HttpContext http, Session session)
    {
        var cancellation = http.RequestAborted;
        var orders = session.Api.Orders.ListAsync(OrdersPages.FilterOf(http.Request.Query) with { PageSize = PageSize }, cancellation).GetAsyncEnumerator(cancellation);
        // What the API refuses is said on a page, which it cannot be once the file has begun: then it breaks off, and the browser says so.
        var isAny = await orders.MoveNextAsync();
        return http.Request.Query["format"].ToString() switch
        {
            "csv" => Results.Stream(body => WriteCsvAsync(orders, isAny, body), "text/csv; charset=utf-8", "orders.csv"),
            "ndjson" => Results.Stream(body => WriteLinesAsync(orders, isAny, body, cancellation), "application/x-ndjson", "orders.ndjson"),
            _ => Results.BadRequest("format is csv or ndjson."),
        };
    }

    private static async Task WriteCsvAsync(IAsyncEnumerator<Order> orders, bool isAny, Stream body)
    {
        await using var text = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true);
        await using var csv = new CsvWriter(text, Csv, leaveOpen: true);
        foreach (var column in Columns)
            csv.WriteField(column);
        await csv.NextRecordAsync();
        for (; isAny; isAny = await orders.MoveNextAsync())
        {
            var order = orders.Current;
            csv.WriteField(order.Id);
            csv.WriteField(order.ExternalId);
            csv.WriteField(order.Status);
            csv.WriteField(order.PaymentStatus);
            csv.WriteField(order.FulfillmentStatus);
            csv.WriteField(order.Customer.Id);
            csv.WriteField(order.Currency);
            csv.WriteField(order.Total);
            csv.WriteField(order.PlacedAt.ToString("O", CultureInfo.InvariantCulture));
            csv.WriteField(order.UpdatedAt.ToString("O", CultureInfo.InvariantCulture));
            csv.WriteField(order.Attention?.Code);
            await csv.NextRecordAsync();
        }
    }

    private static async Task WriteLinesAsync(IAsyncEnumerator<Order> orders, bool isAny, Stream body, CancellationToken cancellation)
    {
        for (; isAny; isAny = await orders.MoveNextAsync())
        {
            await JsonSerializer.SerializeAsync(body, orders.Current, Json, cancellation);
            await body.WriteAsync(EndOfLine, cancellation);
        }
    }
}
