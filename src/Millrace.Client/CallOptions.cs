namespace Millrace.Client;

/// <summary>What one call does otherwise than the client's options say.</summary>
public sealed record CallOptions
{
    /// <summary>
    /// Names the intent: 1 to 255 printable ASCII characters. Null makes a new one for this call, which all its repeats carry. Set it where the intent
    /// outlives the call, such as a stored job that is tried again after a crash.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The <see cref="Answer{T}.ETag"/> that a change is made for; another version is refused with <c>version_mismatch</c>.</summary>
    public string? IfMatch { get; init; }

    /// <summary>How long the call may take with all its repeats: more than nothing, a day at most; null for the client's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is shorter or longer.</exception>
    public TimeSpan? Timeout
    {
        get;
        init
        {
            if (value is { } timeout)
                MillraceClientOptions.CheckTimeout(timeout, nameof(Timeout));
            field = value;
        }
    }
}
