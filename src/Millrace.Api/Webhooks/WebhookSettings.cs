using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Feed;
using Millrace.Webhooks;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;

namespace Millrace.Api.Webhooks;

/// <summary><c>/v1/webhooks</c>: where a tenant is told of events, and with which secret.</summary>
internal sealed class WebhookSettings(WebhookOptions options, WebhookEndpoints endpoints, WebhookSecrets secrets, DeliveryRecords stored, FollowedFeed feed, TimeProvider time)
{
    public Task CreateAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, caller, "webhooks", mayBeEmpty: false, async (utf8, request) =>
    {
        if (WebhookBodies.Settings(utf8, options, out var settings) is { } problem)
            return problem;
        if (await endpoints.FindRefusalAsync(caller.Tenant, request, http.RequestAborted) is { } refused)
            return await TellSecretAsync(http, refused);
        var (id, end) = (WebhookEndpoints.NewId(), await feed.EndAsync(http.RequestAborted));
        // Before anybody delivers to it: it is told of all that happens from here on. Whoever leaves now leaves nothing behind: it is made, or forgotten.
        await stored.BeginAsync(id, end, CancellationToken.None);
        var outcome = await endpoints.CreateAsync(id, caller.Tenant, settings, caller.Actor, request, CancellationToken.None);
        if (outcome is not EndpointOutcome.Done)
            await stored.ForgetAsync(id, CancellationToken.None);
        return await TellSecretAsync(http, outcome);
    });

    public Task ListAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, async () =>
    {
        var rows = new List<(WebhookEndpoint Endpoint, DeliveryState State)>();
        foreach (var endpoint in endpoints.Of(caller.Tenant))
            rows.Add((endpoint, await StateAsync(endpoint, http.RequestAborted)));
        await WebhookAnswers.SendAsync(http, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteData(rows, (w, row) => WebhookJson.Write(w, row.Endpoint, row.State, null, time.GetUtcNow()));
            writer.WriteEndObject();
        });
        return null;
    });

    public Task GetAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, async () =>
        endpoints.Find(caller.Tenant, WebhookAnswers.Id(http)) is { } endpoint ? await TellAsync(http, StatusCodes.Status200OK, endpoint, null) : WebhookAnswers.NotFound);

    /// <summary>Sets it whole. A repeat changes nothing, so it needs no key.</summary>
    public Task PutAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, async () =>
    {
        if (endpoints.Find(caller.Tenant, WebhookAnswers.Id(http)) is null)
            return WebhookAnswers.NotFound;
        var (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        EndpointSettings? settings = null;
        problem ??= WebhookBodies.Settings(utf8, options, out settings);
        if (problem is not null)
            return problem;
        var outcome = await endpoints.ChangeAsync(caller.Tenant, WebhookAnswers.Id(http), settings!, caller.Actor, http.RequestAborted);
        return outcome is EndpointOutcome.Done done ? await TellAsync(http, StatusCodes.Status200OK, done.Endpoint, null) : WebhookAnswers.ProblemOf(outcome);
    });

    public Task DeleteAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, async () =>
    {
        if (!await endpoints.DeleteAsync(caller.Tenant, WebhookAnswers.Id(http), caller.Actor, http.RequestAborted))
            return WebhookAnswers.NotFound;
        await Answer.Empty(http, StatusCodes.Status204NoContent);
        return null;
    });

    public Task RotateAsync(HttpContext http, Caller caller)
    {
        var id = WebhookAnswers.Id(http);
        return WebhookAnswers.GuardAsync(http, caller, $"webhooks/{id}/rotate", mayBeEmpty: true, async (utf8, request) =>
            endpoints.Find(caller.Tenant, id) is null ? WebhookAnswers.NotFound
            : RotationBody.Read(utf8, out var overlap) is { } problem ? problem
            : await TellSecretAsync(http, await endpoints.RotateAsync(caller.Tenant, id, overlap, caller.Actor, request, http.RequestAborted)));
    }

    private async Task<DeliveryState> StateAsync(WebhookEndpoint endpoint, CancellationToken cancellation) => await stored.FindStateAsync(endpoint.Id, cancellation) ?? new DeliveryState();

    private async Task<Problem?> TellSecretAsync(HttpContext http, EndpointOutcome outcome)
    {
        switch (outcome)
        {
            case EndpointOutcome.Done done:
                var secret = await secrets.OfAsync(done.Endpoint.Id, done.Endpoint.Secret, http.RequestAborted);
                return await TellAsync(http, StatusCodes.Status201Created, done.Endpoint, WebhookSecrets.ToText(secret));
            case EndpointOutcome.DoneBefore before:
                // As of API keys, the one answer that is not repeated byte for byte: what is shown once is shown once.
                http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
                return await TellAsync(http, StatusCodes.Status200OK, before.Endpoint, null);
            default:
                return WebhookAnswers.ProblemOf(outcome);
        }
    }

    private async Task<Problem?> TellAsync(HttpContext http, int status, WebhookEndpoint endpoint, string? secret)
    {
        var state = await StateAsync(endpoint, http.RequestAborted);
        await WebhookAnswers.SendAsync(http, status, writer => WebhookJson.Write(writer, endpoint, state, secret, time.GetUtcNow()));
        return null;
    }
}
