using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Client.Events;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>What happens to the tenant's orders, as it happens.</summary>
internal static partial class EventsPages
{
    // What a tab costs has a bound, whatever happens: a page of the feed a second, and where more happened than that, the rest is left out and said to be.
    private const int MostASecond = 50;
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

    // It ends when the API cannot be asked any more: the browser opens another, from now on, or signs in.
    private static async IAsyncEnumerable<string> Lines(
        Session session, string? after, EventFilter filter, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        while (await View.OrEndAsync(() => NextAsync(session, after ?? EventsClient.Now, filter, either.Token)) is { } next)
        {
            after = next.After;
            yield return JsonSerializer.Serialize(next.Told, EventsJson.Default.ToldEvents);
        }
    }

    private static async Task<(ToldEvents Told, string? After)?> NextAsync(Session session, string after, EventFilter filter, CancellationToken cancellation)
    {
        await Task.Delay(Every, cancellation);
        var page = (await session.Api.Events.ListPageAsync(after, filter, MostASecond, cancellation: cancellation)).Value;
        var next = page.HasMore ? (await session.Api.Events.ListPageAsync(EventsClient.Now, filter, 1, cancellation: cancellation)).Value.NextCursor : page.NextCursor;
        return (new ToldEvents([.. page.Data.Select(one => new ToldEvent(one.Time, one.Type, one.Subject, one.Sequence, $"{one.Data.Actor.Kind} {one.Data.Actor.Name}"))], page.HasMore), next);
    }

    /// <param name="Events">Each order's in its order.</param>
    /// <param name="IsPart">More happened than is told.</param>
    private sealed record ToldEvents(IReadOnlyList<ToldEvent> Events, bool IsPart);

    private sealed record ToldEvent(DateTimeOffset At, string Type, string Order, string Version, string By);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(ToldEvents))]
    private sealed partial class EventsJson : JsonSerializerContext;
}
