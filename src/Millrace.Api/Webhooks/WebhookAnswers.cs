using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Webhooks.Endpoints;

namespace Millrace.Api.Webhooks;

/// <summary>What all operations on endpoints have in common.</summary>
internal static class WebhookAnswers
{
    public static Problem NotFound => new(ProblemKinds.WebhookNotFound, "The tenant has no such webhook endpoint.");

    private static Problem Away => new(ProblemKinds.Unavailable, "Webhook endpoints can be neither read nor changed now.");

    public static string Id(HttpContext http) => (string)http.GetRouteValue("webhook")!;

    /// <summary>Answers, unless the store is away.</summary>
    /// <param name="answer">Gives the problem that there is, or null when it has answered.</param>
    public static async Task GuardAsync(HttpContext http, Func<Task<Problem?>> answer)
    {
        Problem? problem;
        try
        {
            problem = await answer();
        }
        catch (StoreUnavailableException)
        {
            problem = Away;
        }

        if (problem is not null)
            await Answer.Problem(http, problem);
    }

    /// <summary>The same for a change under an idempotency key.</summary>
    public static Task GuardAsync(HttpContext http, Caller caller, string route, bool mayBeEmpty, Func<byte[], AuditRequest, Task<Problem?>> answer) => GuardAsync(http, async () =>
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var key);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty);
        return problem ?? await answer(utf8, new AuditRequest($"{NameHash.ChangeKey(caller.Tenant, route, key):x32}", $"{PayloadHash.Of(utf8):x32}"));
    });

    public static Problem ProblemOf(EndpointOutcome outcome) => outcome switch
    {
        EndpointOutcome.OtherRequest => new(ProblemKinds.KeyReused, "The idempotency key was used with another body."),
        EndpointOutcome.TooMany => new(
            ProblemKinds.TooManyWebhooks, $"A tenant may have {WebhookEndpoints.MaxPerTenant} endpoints, and change them {WebhookEndpoints.MaxChangesPerTenantAndDay} times a day."),
        EndpointOutcome.TooManyReplays => new(ProblemKinds.TooManyReplays, $"{WebhookEndpoints.MaxReplays} replays of the endpoint wait for their turn."),
        _ => NotFound,
    };

    public static Task SendAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, status, write, static (writer, write) => write(writer));
    }
}
