using System.Globalization;
using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Record;

/// <summary>
/// <c>GET /v1/records</c>: the whole durable record as NDJSON, for <c>millrace verify</c>; open even in an outage. With <c>after</c> the next lines of it, for
/// whoever follows: the headers <c>Record-Next</c> and <c>Record-More</c> tell where to go on, and whether there is more. That is the provider's API, and is as ill as it is.
/// </summary>
internal sealed class RecordEndpoints(OperationBook book, FaultGate gate)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/records", (RequestDelegate)StreamAsync);

    private async Task StreamAsync(HttpContext context)
    {
        if (context.Request.Query["after"].FirstOrDefault() is { } after)
        {
            await SendNextAsync(context, after);
            return;
        }

        await book.Record.WhenDurable();
        context.Response.ContentType = "application/x-ndjson";
        await book.Record.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task SendNextAsync(HttpContext context, string text)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after))
        {
            await Answers.WriteAsync(context, StatusCodes.Status400BadRequest, new Problem("invalid_request", "after is a Record-Next."));
            return;
        }

        if (!await gate.AdmitAsync(context))
            return;
        if (await book.Record.ReadAfterAsync(after, context.RequestAborted) is not { } read)
        {
            await Answers.WriteAsync(context, StatusCodes.Status410Gone, new Problem("record_gone", "The record has no line that begins there."));
            return;
        }

        context.Response.ContentType = "application/x-ndjson";
        context.Response.ContentLength = read.Lines.Length;
        context.Response.Headers["Record-Next"] = (after + read.Lines.Length).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["Record-More"] = read.HasMore ? "true" : "false";
        await context.Response.Body.WriteAsync(read.Lines, context.RequestAborted);
    }
}
