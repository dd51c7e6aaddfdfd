namespace Millrace.Client;

/// <summary>How the server is reached. Read when the client is made.</summary>
public sealed record MillraceClientOptions
{
    // Timers end at 49 days: two of these, an attempt's and what the server waits on purpose, are far below.
    private static readonly TimeSpan MostTimeout = TimeSpan.FromDays(1);

    /// <summary>Where the server is: http or https, with the path of a proxy if there is one.</summary>
    public required Uri BaseAddress { get; init; }

    /// <summary>An API key; null when <see cref="TokenProvider"/> is set.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Gives the token of an identity provider, for every attempt; it should keep tokens for as long as they are good.</summary>
    public Func<CancellationToken, ValueTask<string>>? TokenProvider { get; init; }

    /// <summary>How long a call may take with all its repeats: more than nothing, a day at most; 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt waits for its answer before the next is made: more than nothing, a day at most; 10 s. The server is told by <c>Request-Timeout</c>.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What part of the requests may be repeats; 0.1. One a second is allowed besides, and ten are saved up for a bad moment.</summary>
    public double RetryRatio { get; init; } = 0.1;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the jitter comes from. Used by one thread at a time.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Without the key: records are logged.</summary>
    public override string ToString() => $"{nameof(MillraceClientOptions)} of {BaseAddress}";

    internal static void Check(MillraceClientOptions options)
    {
        if (!options.BaseAddress.IsAbsoluteUri || options.BaseAddress.Scheme is not ("http" or "https"))
            throw new ArgumentException($"{nameof(BaseAddress)} is an absolute http or https address.", nameof(options));
        if (options.ApiKey is not null && options.TokenProvider is not null)
            throw new ArgumentException($"Either {nameof(ApiKey)} or {nameof(TokenProvider)} is set.", nameof(options));
        CheckTimeout(options.Timeout, nameof(Timeout));
        CheckTimeout(options.AttemptTimeout, nameof(AttemptTimeout));
        if (options.RetryRatio is not (>= 0 and <= 1))
            throw new ArgumentException($"{nameof(RetryRatio)} is 0 to 1.", nameof(options));
    }

    /// <exception cref="ArgumentOutOfRangeException">It is none: infinite ones are not either.</exception>
    internal static void CheckTimeout(TimeSpan timeout, string name)
    {
        if (timeout <= TimeSpan.Zero || timeout > MostTimeout)
            throw new ArgumentOutOfRangeException(name, timeout, $"{name} is longer than nothing, and not longer than {MostTimeout.TotalHours:0} hours.");
    }
}
