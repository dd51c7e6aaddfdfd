using System.Text.Json;
using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Faults;

/// <summary><c>GET /faults</c> and <c>PUT /faults</c>. A refused PUT changes nothing.</summary>
internal sealed class FaultEndpoints(FaultDice dice)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/faults", (RequestDelegate)(context => Answers.WriteAsync(context, StatusCodes.Status200OK, dice.Settings)));
        routes.MapPut("/faults", (RequestDelegate)PutAsync);
    }

    private async Task PutAsync(HttpContext context)
    {
        FaultSettings? settings = null;
        string? fault;
        try
        {
            settings = await JsonSerializer.DeserializeAsync(context.Request.BodyReader, PspJson.Default.FaultSettings, context.RequestAborted);
            fault = settings is null ? "a JSON object is expected." : settings.Fault();
        }
        catch (JsonException exception)
        {
            fault = Answers.Explain(exception);
        }

        if (fault is not null)
        {
            await Answers.WriteAsync(context, StatusCodes.Status400BadRequest, new Problem("invalid_faults", fault));
            return;
        }

        dice.Settings = settings!;
        await Answers.WriteAsync(context, StatusCodes.Status200OK, settings!);
    }
}
