using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Client.Overview;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>What the charts draw: the API's overview for a browser, which has a session and no key.</summary>
internal static partial class LiveData
{
    private const int MostSeconds = 3_600;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static async Task<IResult> PastAsync(HttpContext http, Session session)
    {
        var (seconds, step) = http.Request.Query["window"].ToString() switch { "3600" => (MostSeconds, 15), "900" => (900, 5), _ => (60, 1) };
        var past = await session.Api.Overview.GetAsync(seconds, step, cancellation: http.RequestAborted);
        return Results.Json(past.Value, LiveJson.Default.NodeOverview);
    }

    public static Task<IResult> StreamAsync(HttpContext http, Session session)
    {
        // A node that stops would wait for the streams, and they for the browsers.
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        return Task.FromResult<IResult>(TypedResults.ServerSentEvents(Lines(session, stopping, http.RequestAborted)));
    }

    private static async IAsyncEnumerable<string> Lines(Session session, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        await foreach (var point in EachAsync(() => NextAsync(session, either.Token)))
            yield return JsonSerializer.Serialize(point, LiveJson.Default.NodePoint);
    }

    /// <summary>Each point once, until there is none. One that is earlier than the last is of a clock that was set back, and no older.</summary>
    internal static async IAsyncEnumerable<NodePoint> EachAsync(Func<Task<NodePoint?>> next)
    {
        var seen = default(DateTimeOffset);
        while (await View.OrEndAsync(next) is { } last)
        {
            if (last.At == seen)
                continue;
            seen = last.At;
            yield return last;
        }
    }

    private static async Task<NodePoint?> NextAsync(Session session, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Every, cancellation);
            if ((await session.Api.Overview.GetAsync(1, cancellation: cancellation)).Value.Data is [.., var last])
                return last;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(NodeOverview))]
    [JsonSerializable(typeof(NodePoint))]
    private sealed partial class LiveJson : JsonSerializerContext;
}
