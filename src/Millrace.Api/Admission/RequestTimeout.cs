using System.Globalization;
using Millrace.Api.Problems;

namespace Millrace.Api.Admission;

/// <summary><c>Request-Timeout</c>: how many seconds the client waits for its answer. Nothing is begun for one that has stopped waiting.</summary>
internal static class RequestTimeout
{
    public const string HeaderName = "Request-Timeout";
    private const int MostSeconds = 3_600;

    /// <returns>Null when the header is good, or missing.</returns>
    public static Problem? Read(HttpRequest request, out TimeSpan? patience)
    {
        patience = null;
        if (!request.Headers.TryGetValue(HeaderName, out var values))
            return null;
        if (values.Count != 1 || !decimal.TryParse(values[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is < 0.001m or > MostSeconds)
            return new Problem(ProblemKinds.InvalidHeader, $"{HeaderName} is 0.001 to {MostSeconds} seconds.");
        patience = TimeSpan.FromMilliseconds((double)(seconds * 1_000));
        return null;
    }
}
