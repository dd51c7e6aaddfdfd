using System.Net.Http.Headers;

namespace Millrace.Gateways.Psp;

/// <summary>How a provider is told who asks.</summary>
public static class PspAuthorization
{
    /// <summary>Of a key, in letters.</summary>
    public const int MaxKeyLength = 4096;

    /// <param name="key">What the provider knows us by; null for a provider that knows it otherwise.</param>
    /// <exception cref="ArgumentException">A header cannot hold it.</exception>
    public static AuthenticationHeaderValue? Of(string? key) => key switch
    {
        null => null,
        { Length: > 0 and <= MaxKeyLength } when key.All(static letter => letter is > ' ' and < '\x7f') => new AuthenticationHeaderValue("Bearer", key),
        _ => throw new ArgumentException($"A provider's key has 1 to {MaxKeyLength} letters of ASCII, and no space.", nameof(key)),
    };
}
