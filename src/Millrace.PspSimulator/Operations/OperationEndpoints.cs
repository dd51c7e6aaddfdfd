using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Webhooks;

namespace Millrace.PspSimulator.Operations;

/// <summary>The merchant's side of the simulator: four ways to move money and one to ask what became of them.</summary>
internal sealed class OperationEndpoints(OperationBook book, FaultGate gate, WebhookQueue webhooks)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/authorizations", (RequestDelegate)AuthorizeAsync);
        routes.MapPost("/v1/authorizations/{id}/captures", context => FollowUpAsync(context, OperationKind.Capture));
        routes.MapPost("/v1/authorizations/{id}/void", context => FollowUpAsync(context, OperationKind.Void));
        routes.MapPost("/v1/authorizations/{id}/refunds", context => FollowUpAsync(context, OperationKind.Refund));
        routes.MapGet("/v1/operations", (RequestDelegate)FindAsync);
    }

    private async Task AuthorizeAsync(HttpContext context)
    {
        if (await ReadAsync(context, PspJson.Default.AuthorizeBody) is not { } body)
            return;
        await ExecuteAsync(context, new OperationRequest(
            OperationKind.Authorize, Key(context), body.Reference, null, body.Amount, body.Order, body.Currency, body.Token));
    }

    private async Task FollowUpAsync(HttpContext context, OperationKind kind)
    {
        if (await ReadAsync(context, PspJson.Default.FollowUpBody) is not { } body)
            return;
        var id = (string)context.Request.RouteValues["id"]!;
        await ExecuteAsync(context, new OperationRequest(kind, Key(context), body.Reference, id, body.Amount ?? 0));
    }

    private async Task ExecuteAsync(HttpContext context, OperationRequest request)
    {
        if (request.Fault() is { } fault)
        {
            await Answers.WriteAsync(context, StatusCodes.Status400BadRequest, new Problem("invalid_request", fault));
            return;
        }

        if (!await gate.AdmitAsync(context))
            return;
        var verdict = book.Execute(request);
        await verdict.Durable;
        if (verdict is { Kind: VerdictKind.Executed, Operation: { } effect })
            webhooks.Announce(effect);
        if (await gate.SwallowAnswerAsync(context, IsLostByToken(request, verdict.Kind)))
            return;
        await AnswerAsync(context, verdict);
    }

    private static Task AnswerAsync(HttpContext context, Verdict verdict)
    {
        if (verdict.Kind == VerdictKind.KeyReused)
            return Answers.WriteAsync(context, StatusCodes.Status422UnprocessableEntity, new Problem("idempotency_key_reused"));
        if (verdict.Operation is not { } operation)
            return Answers.WriteAsync(context, StatusCodes.Status404NotFound, new Problem("authorization_not_found"));
        if (verdict.Kind == VerdictKind.Replayed)
            context.Response.Headers["Idempotent-Replayed"] = "true";
        var (status, body) = OperationAnswer.For(operation);
        return Answers.WriteAsync(context, status, body);
    }

    private async Task FindAsync(HttpContext context)
    {
        if (!await gate.AdmitAsync(context))
            return;
        var (operations, durable) = book.Find(context.Request.Query["reference"].ToString());
        await durable;
        await Answers.WriteAsync(context, StatusCodes.Status200OK, operations);
    }

    private static bool IsLostByToken(OperationRequest request, VerdictKind kind) =>
        kind == VerdictKind.Executed && string.Equals(request.Token, AuthorizeRules.TimeoutOnceToken, StringComparison.Ordinal);

    private static string Key(HttpContext context) => context.Request.Headers["Idempotency-Key"].ToString();

    private static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type) where T : class
    {
        string message;
        try
        {
            if (await JsonSerializer.DeserializeAsync(context.Request.BodyReader, type, context.RequestAborted) is { } body)
                return body;
            message = "a JSON object is expected.";
        }
        catch (JsonException exception)
        {
            message = Answers.Explain(exception);
        }

        await Answers.WriteAsync(context, StatusCodes.Status400BadRequest, new Problem("invalid_request", message));
        return null;
    }
}
