using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Millrace.Cli.Client;

/// <summary>
/// Repeats what is safe to repeat: refused for now (429, 502, 503 or 504, with Retry-After honored) or no answer at all. Every POST
/// of this program carries an idempotency key, so a repeat after a lost answer gets the first answer.
/// </summary>
internal static class Retrying
{
    /// <summary>Of a request: when the last repeat of it may begin, by <see cref="Stopwatch"/>. None: whenever its turn is.</summary>
    public static readonly HttpRequestOptionsKey<long> Until = new("until");

    // 0.2 + 0.4 + … capped at 5 s: about half a minute, enough for a restart of the server.
    private const int MaxRetries = 10;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    // Who is told to come back later than this is told of it.
    private static readonly TimeSpan MostRetryAfter = TimeSpan.FromSeconds(10);

    // Prefer: wait=30 is the longest that a server may take on purpose.
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(60);

    public static HttpMessageHandler Over(HttpMessageHandler transport)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = MaxRetries,
                Delay = FirstDelay,
                MaxDelay = MaxDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = static attempt => ValueTask.FromResult(IsWorthAnother(attempt.Outcome) && IsWorthWaiting(attempt)),
            })
            .AddTimeout(AttemptTimeout)
            .Build();
        return new ResilienceHandler(pipeline) { InnerHandler = new WholeAnswers { InnerHandler = transport } };
    }

    // An answer whose body breaks off, or does not come, is none: it is asked for again like one that never began.
    private sealed class WholeAnswers : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            try
            {
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                return answer;
            }
            catch
            {
                answer.Dispose();
                throw;
            }
        }
    }

    // A repeat that would come too late is not waited for: the refusal is told at once.
    private static bool IsWorthWaiting(RetryPredicateArguments<HttpResponseMessage> attempt)
    {
        var after = attempt.Outcome.Result?.Headers.RetryAfter;
        var asked = after?.Delta ?? after?.Date - DateTimeOffset.UtcNow;
        if (asked > MostRetryAfter)
            return false;
        if (attempt.Context.GetRequestMessage() is not { } request || !request.Options.TryGetValue(Until, out var until))
            return true;
        var pause = asked ?? (FirstDelay * Math.Pow(2, attempt.AttemptNumber) is var next && next < MaxDelay ? next : MaxDelay);
        return Stopwatch.GetElapsedTime(until, Stopwatch.GetTimestamp()) + pause <= TimeSpan.Zero;
    }

    private static bool IsWorthAnother(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Result.StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout } => true,
        { Exception: HttpRequestException or SocketException or TimeoutRejectedException } => true,
        _ => false,
    };
}
