using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Millrace.Client.Overview;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>What the charts draw: the API's overview for a browser, which has a session and no key.</summary>
internal static partial class LiveData
{
    private const int MostSeconds = 3_600;

    public static async Task<IResult> PastAsync(HttpContext http, Session session)
    {
        var (seconds, step) = http.Request.Query["window"].ToString() switch { "3600" => (MostSeconds, 15), "900" => (900, 5), _ => (60, 1) };
        var past = await session.Api.Overview.GetAsync(seconds, step, cancellation: http.RequestAborted);
        return Results.Json(past.Value, LiveJson.Default.NodeOverview);
    }

    public static Task<IResult> StreamAsync(HttpContext http, Session session) =>
        Task.FromResult<IResult>(TypedResults.ServerSentEvents(Lines(session, http.RequestAborted)));

    private static async IAsyncEnumerable<string> Lines(Session session, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = default(DateTimeOffset);
        using var every = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            if ((await session.Api.Overview.GetAsync(1, cancellation: cancellation)).Value.Data is [.., var last] && last.At > seen)
            {
                seen = last.At;
                yield return JsonSerializer.Serialize(last, LiveJson.Default.NodePoint);
            }
        }
        while (await every.WaitForNextTickAsync(cancellation));
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(NodeOverview))]
    [JsonSerializable(typeof(NodePoint))]
    private sealed partial class LiveJson : JsonSerializerContext;
}
