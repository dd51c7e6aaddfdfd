namespace Millrace.Api.Keys;

/// <summary>What became of a wish concerning a key.</summary>
public abstract record KeyOutcome
{
    private KeyOutcome()
    {
    }

    /// <param name="Text">The key itself, which nothing can show again.</param>
    /// <param name="Key">What is kept of it.</param>
    public sealed record Made(string Text, ApiKey Key) : KeyOutcome;

    /// <summary>The same was asked for before; its text is gone.</summary>
    public sealed record MadeBefore(ApiKey Key) : KeyOutcome;

    /// <summary>The idempotency key was used for something else.</summary>
    public sealed record OtherRequest : KeyOutcome;

    /// <summary>The client or the tenant has as many keys as it may, or has made as many today.</summary>
    public sealed record TooMany : KeyOutcome;

    /// <summary>There is no such live key.</summary>
    public sealed record NotFound : KeyOutcome;
}
