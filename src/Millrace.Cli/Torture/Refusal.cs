using System.Net;

namespace Millrace.Cli.Torture;

/// <summary>What a server that cannot answer now may say: 503 or 429, and when to come back. Any other failure, and silence, is a complaint.</summary>
internal static class Refusal
{
    public static bool Is(HttpStatusCode status) => status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests;

    /// <returns>What is wrong with it, in words; null for an honest refusal and for every answer that is none.</returns>
    public static string? Fault(HttpResponseMessage answer)
    {
        if (Is(answer.StatusCode))
            return answer.Headers.RetryAfter is null ? $"was refused with {(int)answer.StatusCode} without Retry-After" : null;
        return (int)answer.StatusCode >= 500 ? $"was answered {(int)answer.StatusCode}" : null;
    }
}
