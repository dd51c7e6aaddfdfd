using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Record;

/// <summary><c>GET /v1/records</c>: the whole durable record as NDJSON, for <c>millrace verify</c>. Open even in an outage.</summary>
internal sealed class RecordEndpoints(OperationBook book)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/records", (RequestDelegate)StreamAsync);

    private async Task StreamAsync(HttpContext context)
    {
        await book.Record.WhenDurable();
        context.Response.ContentType = "application/x-ndjson";
        await book.Record.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
