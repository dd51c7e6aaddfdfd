using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Client;
using Millrace.Client.Events;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>What happens to the tenant's orders, as it happens.</summary>
internal static partial class EventsPages
{
    // What a tab costs has a bound, whatever happens: a page of the feed a second, and where more happened than that, the rest is left out and said to be.
    private const int MostASecond = 50;
    private const int MostBehind = 5;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static async Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var type = View.Given(http.Request.Query["type"]);
        // Where the stream goes on from, and whether there is such a type.
        var now = await session.Api.Events.ListPageAsync(EventsClient.Now, FilterOf(type), 1, cancellation: http.RequestAborted);
        return View.Of<EventsPage>(new(StringComparer.Ordinal) { ["Session"] = session, ["Type"] = type, ["After"] = now.Value.NextCursor });
    }

    public static Task<IResult> StreamAsync(HttpContext http, Session session)
    {
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var query = http.Request.Query;
        return Task.FromResult<IResult>(TypedResults.ServerSentEvents(Lines(session, View.Given(query["after"]), FilterOf(View.Given(query["type"])), stopping, http.RequestAborted)));
    }

    private static EventFilter FilterOf(string? type) => new() { Types = type is null ? [] : [type] };

    // It ends when the API cannot be asked any more: the browser opens another, from now on.
    private static async IAsyncEnumerable<string> Lines(
        Session session, string? after, EventFilter filter, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        var behind = 0;
        while (await View.OrEndAsync(() => NextAsync(session, after ?? EventsClient.Now, filter, either.Token)) is { } page)
        {
            // A page with room left ended because so many events of others lay between: it goes on, unless it does not get to the end.
            behind = page.HasMore ? behind + 1 : 0;
            var isPart = page.HasMore && (page.Data.Count == MostASecond || behind > MostBehind);
            (after, behind) = isPart ? (EventsClient.Now, 0) : (page.NextCursor, behind);
            yield return JsonSerializer.Serialize(Told(page.Data, isPart), EventsJson.Default.ToldEvents);
        }
    }

    private static async Task<Page<CloudEvent>?> NextAsync(Session session, string after, EventFilter filter, CancellationToken cancellation)
    {
        // What happens while this waits is told too, once there is a place to go on from.
        if (after == EventsClient.Now)
            after = (await session.Api.Events.ListPageAsync(after, filter, 1, cancellation: cancellation)).Value.NextCursor ?? after;
        await Task.Delay(Every, cancellation);
        return (await session.Api.Events.ListPageAsync(after, filter, MostASecond, cancellation: cancellation)).Value;
    }

    private static ToldEvents Told(IReadOnlyList<CloudEvent> events, bool isPart) =>
        new([.. events.Select(one => new ToldEvent(one.Time, one.Type, one.Subject, one.Sequence, $"{one.Data.Actor.Kind} {one.Data.Actor.Name}".TrimEnd()))], isPart);

    /// <param name="Events">Each order's in its order.</param>
    /// <param name="IsPart">More happened than is told.</param>
    private sealed record ToldEvents(IReadOnlyList<ToldEvent> Events, bool IsPart);

    private sealed record ToldEvent(DateTimeOffset At, string Type, string Order, string Version, string By);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(ToldEvents))]
    private sealed partial class EventsJson : JsonSerializerContext;
}
