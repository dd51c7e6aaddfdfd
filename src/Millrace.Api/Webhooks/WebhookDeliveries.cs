using System.Buffers;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Change;
using Millrace.Api.Problems;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Api.Webhooks;

/// <summary><c>/v1/webhooks/{webhook}/deliveries</c>, <c>test</c> and <c>replay</c>: what became of events, and having them sent again.</summary>
internal sealed class WebhookDeliveries(WebhookEndpoints endpoints, WebhookSecrets secrets, DeliveryRecords stored, WebhookSender sender, TimeProvider time)
{
    private const string TestType = "webhook.test.v1";

    public Task ListAsync(HttpContext http, Caller caller) => WebhookAnswers.GuardAsync(http, async () =>
    {
        if (endpoints.Find(caller.Tenant, WebhookAnswers.Id(http)) is not { } endpoint)
            return WebhookAnswers.NotFound;
        if (Read(http.Request.Query, out var outcome, out var cursor) is { } problem)
            return problem;
        var (rows, next) = await FindAsync(endpoint, outcome, cursor, http.RequestAborted);
        await WebhookAnswers.SendAsync(http, StatusCodes.Status200OK, writer => WebhookJson.Write(writer, rows, next));
        return null;
    });

    /// <summary>A ping, outside of the order of events and of all counting. To send it twice does no more than to send it once.</summary>
    public Task TestAsync(HttpContext http, Caller caller)
    {
        var id = WebhookAnswers.Id(http);
        return WebhookAnswers.GuardAsync(http, caller, $"webhooks/{id}/test", mayBeEmpty: true, async (utf8, request) =>
        {
            if (endpoints.Find(caller.Tenant, id) is not { } endpoint)
                return WebhookAnswers.NotFound;
            if (ReadNothing(utf8) is { } problem)
                return problem;
            var (now, eventId) = (time.GetUtcNow(), "test:" + request.Key);
            var signing = await secrets.SigningAsync(endpoint, now, http.RequestAborted);
            var result = await sender.SendAsync(endpoint.Tenant, endpoint.Settings.Url, eventId, Ping(endpoint, eventId, now), signing, http.RequestAborted);
            await WebhookAnswers.SendAsync(http, StatusCodes.Status200OK, writer => WebhookJson.Write(writer, eventId, result));
            return null;
        });
    }

    public Task ReplayAsync(HttpContext http, Caller caller)
    {
        var id = WebhookAnswers.Id(http);
        return WebhookAnswers.GuardAsync(http, caller, $"webhooks/{id}/replay", mayBeEmpty: false, async (utf8, request) =>
        {
            if (endpoints.Find(caller.Tenant, id) is null)
                return WebhookAnswers.NotFound;
            if (WebhookBodies.Replay(utf8, time.GetUtcNow(), out var of) is { } problem)
                return problem;
            var replayedTo = (await stored.FindStateAsync(id, http.RequestAborted))?.ReplayedTo ?? 0;
            var outcome = await endpoints.AskReplayAsync(caller.Tenant, id, of, replayedTo, caller.Actor, request, http.RequestAborted);
            if (outcome is not EndpointOutcome.Asked asked)
                return WebhookAnswers.ProblemOf(outcome);
            if (asked.IsRepeat)
                http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
            await WebhookAnswers.SendAsync(http, StatusCodes.Status202Accepted, writer => WebhookJson.Write(writer, asked.Replay));
            return null;
        });
    }

    private async Task<(IReadOnlyList<Attempt> Rows, string? Next)> FindAsync(WebhookEndpoint endpoint, string? outcome, string? cursor, CancellationToken cancellation)
    {
        if (outcome is null or AttemptOutcomes.Delivered)
            return ([.. (await stored.ListAttemptsAsync(endpoint.Id, cancellation)).Where(attempt => outcome is null || attempt.Outcome == outcome)], null);
        // Each is kept with what is sent of it: no page reads more of them, though none of these is wanted.
        var (events, next) = await stored.ListWaitingAsync(endpoint.Id, cursor, cancellation);
        return ([.. events.Select(waiting => waiting.ToAttempt()).Where(attempt => attempt.Outcome == outcome)], next);
    }

    private static Problem? Read(IQueryCollection query, out string? outcome, out string? cursor)
    {
        (outcome, cursor) = (null, null);
        foreach (var (name, values) in query)
        {
            var text = values.Count == 1 ? values[0] : null;
            if (name == "outcome" && text is AttemptOutcomes.Delivered or AttemptOutcomes.Waiting or AttemptOutcomes.Failed)
                outcome = text;
            else if (name == "cursor" && text is { Length: > 0 and <= 64 } && !text.AsSpan().ContainsAnyExceptInRange('!', '~'))
                cursor = text;
            else
                return new Problem(ProblemKinds.InvalidParameter, "There are outcome, which is delivered, waiting or failed, and cursor, next_cursor of the page before.");
        }

        return null;
    }

    private static Problem? ReadNothing(ReadOnlySpan<byte> utf8)
    {
        var json = new StrictJson(utf8);
        ChangeBodies.Nothing(ref json);
        json.End();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    private static ReadOnlyMemory<byte> Ping(WebhookEndpoint endpoint, string eventId, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("specversion"u8, "1.0"u8);
        writer.WriteString("id"u8, eventId);
        writer.WriteString("source"u8, "/v1/webhooks/" + endpoint.Id);
        writer.WriteString("type"u8, TestType);
        writer.WriteTime("time"u8, now.ToUnixTimeMilliseconds());
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
