using System.Text;

namespace Millrace.Client;

/// <summary>The server refused. For how long the same request may be hopeless, <see cref="IsTransient"/> says.</summary>
public sealed class MillraceProblemException : Exception
{
    internal MillraceProblemException(Problem problem, TimeSpan? retryAfter) : base(Words(problem)) => (Problem, RetryAfter) = (problem, retryAfter);

    public Problem Problem { get; }

    public int Status => Problem.Status;

    public string Code => Problem.Code;

    public string? TraceId => Problem.TraceId;

    public IReadOnlyList<FieldError> Errors => Problem.Errors ?? [];

    /// <summary>When the server would be asked again; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>
    /// The same request may be granted a little later: too much was asked for (429), the server or what is behind a proxy is away (502, 503, 504), or
    /// the first request with this key is still being worked on (409 with Retry-After).
    /// </summary>
    public bool IsTransient => Status is 429 or 502 or 503 or 504 || (Status == 409 && RetryAfter is not null);

    private static string Words(Problem problem)
    {
        var words = new StringBuilder($"{problem.Status} {problem.Code}: {problem.Detail ?? problem.Title}");
        foreach (var error in problem.Errors ?? [])
            words.Append($" {error.Pointer}: {error.Detail} ({error.Code})");
        return (problem.TraceId is { } trace ? words.Append($" [trace {trace}]") : words).ToString();
    }
}
