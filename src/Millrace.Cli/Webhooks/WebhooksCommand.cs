using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Webhooks;

/// <summary><c>millrace webhooks list|create|get|put|delete|rotate|test|deliveries|replay</c>: where a merchant is told of events (docs/webhooks.md).</summary>
internal static class WebhooksCommand
{
    private const string All = "/v1/webhooks";

    public static Command Create() => new("webhooks", "Look after where events are sent")
    {
        Reading.Rows("list", "List the endpoints, and how far they are", [], _ => ApiRequest.Get(All), "id", "url", "state", "lag_s#", "waiting#", "failed#", "replays#", "failing_since"),
        New(), Get(), Put(), Delete(), Rotate(), Test(), Deliveries(), Replay(),
    };

    private static Argument<string> Id() => new("id") { Description = "whk_…" };

    private static string Path(ParseResult arguments, Argument<string> id) => $"{All}/{Uri.EscapeDataString(arguments.GetValue(id)!)}";

    private static Command New()
    {
        var settings = new Settings();
        return Mutation.Create("create", "Be told of events from now on; the secret is shown this once", settings.Symbols,
            arguments => new Change(new ApiRequest(HttpMethod.Post, All, settings.Read(arguments)), Scopes.WebhooksWrite));
    }

    private static Command Get()
    {
        var id = Id();
        return Reading.One("get", "Show an endpoint", [id], arguments => ApiRequest.Get(Path(arguments, id)));
    }

    private static Command Put()
    {
        var (id, settings) = (Id(), new Settings());
        return Mutation.Setting("put", "Change an endpoint, whole: what is not given is as of a new one, so give --events and --description again as get shows them. One that was stopped goes on", [id, .. settings.Symbols],
            arguments => Of(HttpMethod.Put, arguments, id, "", settings.Read(arguments), Scopes.WebhooksWrite));
    }

    private static Command Delete()
    {
        var id = Id();
        return Mutation.Setting("delete", "Be told of nothing more; what waits or failed is forgotten", [id],
            arguments => Of(HttpMethod.Delete, arguments, id, "", null, Scopes.WebhooksWrite),
            (arguments, _) => Task.FromResult<(Shown, int)>((new Shown.One(JsonSerializer.SerializeToElement(new { id = arguments.GetValue(id), deleted = true })), Acting.Done)));
    }

    private static Command Rotate()
    {
        var id = Id();
        var overlap = DurationOption.Create("--overlap", "How much longer the former secret signs too, as [D.]HH:MM:SS", TimeSpan.FromDays(1));
        overlap.Check(time => time > TimeSpan.FromDays(30) ? $"{overlap.Name} is 0 to 30 days, as [D.]HH:MM:SS." : null);
        return Mutation.Create("rotate", "Sign with a new secret, which is shown this once", [id, overlap], arguments =>
            Of(HttpMethod.Post, arguments, id, "/rotate", JsonBody.Of(w => w.WriteNumber("overlap_s", (long)arguments.GetValue(overlap).TotalSeconds)), Scopes.WebhooksWrite));
    }

    private static Command Test()
    {
        var id = Id();
        return Mutation.Create("test", "Send a ping; exit code 1 when it was not taken", [id],
            arguments => Of(HttpMethod.Post, arguments, id, "/test", JsonBody.Of(static _ => { }), Scopes.OpsWrite),
            static (_, answer) => Task.FromResult<(Shown, int)>((new Shown.One(answer.Body), answer.Body.GetProperty("delivered").GetBoolean() ? Acting.Done : Acting.Failed)));
    }

    private static Command Deliveries()
    {
        var (id, most) = (Id(), 10_000);
        var outcome = new Option<string?>("--outcome") { Description = "delivered, waiting or failed; all that wait or failed are listed [default: what was tried last]" };
        outcome.AcceptOnlyFromAmong("delivered", "waiting", "failed");
        return Reading.Create("deliveries", "Show what was tried last, newest first", [id, outcome],
            arguments => ApiRequest.Get($"{Path(arguments, id)}/deliveries{(arguments.GetValue(outcome) is { } wanted ? "?outcome=" + wanted : "?")}"),
            async (client, request, _, cancellation) => new Shown.Many(
                (await PagedList.ReadAsync(client, request, "cursor", most, cancellation)).Rows, "at", "event_id", "type", "order_id", "attempt#", "outcome", "status#", "error", "duration_ms#", "next_at"));
    }

    private static Command Replay()
    {
        var id = Id();
        var one = new Option<string?>("--event") { Description = "One event, by its id" };
        var from = TimeOption.Create("--from", "What happened from then on (UTC, ISO 8601)");
        var until = TimeOption.Create("--until", "And before then [default: now]");
        var failed = new Option<bool>("--failed") { Description = "All that failed for good" };
        return Mutation.Create("replay", "Send events again: one, those of a time, or all that failed", [id, one, from, until, failed], arguments =>
        {
            var (e, since, end, all) = (arguments.GetValue(one), arguments.GetValue(from), arguments.GetValue(until), arguments.GetValue(failed));
            if ((e is null ? 0 : 1) + (since is null ? 0 : 1) + (all ? 1 : 0) != 1 || (since is null && end is not null))
                throw new UsageException($"One of them: {one.Name}, {from.Name} (with {until.Name}), or {failed.Name}.");
            return Of(HttpMethod.Post, arguments, id, "/replay", JsonBody.Of(w =>
            {
                w.WriteIfGiven("event_id", e);
                w.WriteIfGiven("from", since?.ToUniversalTime().ToString("O"));
                w.WriteIfGiven("until", end?.ToUniversalTime().ToString("O"));
                if (all)
                    w.WriteBoolean("failed", true);
            }), Scopes.OpsWrite);
        });
    }

    private static Change Of(HttpMethod method, ParseResult arguments, Argument<string> id, string what, byte[]? body, Scopes needs) =>
        new(new ApiRequest(method, Path(arguments, id) + what, body), needs) { Subjects = [new ChangeSubject(Path(arguments, id))] };

    /// <summary>What an endpoint is set to.</summary>
    private sealed class Settings
    {
        private readonly Option<string> _url = new("--to") { Description = "https URL of the receiver", Required = true };
        private readonly Option<string?> _events = new("--events") { Description = "Types of events, separated by commas, such as order.confirmed.v1 [default: all]" };
        private readonly Option<string?> _description = new("--description") { Description = "Words of your own" };
        private readonly Option<bool> _disabled = new("--disabled") { Description = "Send nothing for now, and skip nothing" };

        public Symbol[] Symbols => [_url, _events, _description, _disabled];

        public byte[] Read(ParseResult arguments) => JsonBody.Of(w =>
        {
            w.WriteString("url", arguments.GetValue(_url));
            if (arguments.GetValue(_events) is { } types)
            {
                w.WriteStartArray("events");
                foreach (var type in types.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    w.WriteStringValue(type);
                w.WriteEndArray();
            }

            w.WriteIfGiven("description", arguments.GetValue(_description));
            w.WriteBoolean("disabled", arguments.GetValue(_disabled));
        });
    }
}
