using Microsoft.Extensions.Primitives;
using Millrace.Api.Problems;

namespace Millrace.Api.Idempotency;

/// <summary>
/// The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07): a quoted string, or the bare token that most
/// clients send; 1 to 255 printable ASCII characters.
/// </summary>
internal static class IdempotencyKey
{
    public const string HeaderName = "Idempotency-Key";
    public const string ReplayedHeaderName = "Idempotent-Replayed";
    public const int MaxLength = 255;

    /// <returns>Null when <paramref name="key"/> is good.</returns>
    public static Problem? Read(StringValues header, out string key)
    {
        key = "";
        if (header.Count == 0)
            return new Problem(ProblemKinds.KeyMissing, "Send an Idempotency-Key, a new one for each intent and the same for its repeats.");
        if (header.Count == 1 && header[0] is { } text && TryRead(text, out key))
            return null;
        return new Problem(ProblemKinds.KeyInvalid, $"The key is one quoted string or token of 1 to {MaxLength} printable ASCII characters.");
    }

    /// <summary>Also for a batch row's key, which is never quoted.</summary>
    public static bool IsKey(ReadOnlySpan<char> key) =>
        key.Length is >= 1 and <= MaxLength && !key.ContainsAnyExceptInRange(' ', '~');

    private static bool TryRead(string text, out string key)
    {
        key = text;
        if (text.StartsWith('"'))
            return TryUnquote(text, out key) && IsKey(key);
        // A bare quote or a comma inside would be another structured field than it seems (RFC 9651).
        return IsKey(text) && !text.AsSpan().ContainsAny('"', ',');
    }

    private static bool TryUnquote(string text, out string key)
    {
        key = "";
        if (text.Length < 2 || text[^1] != '"')
            return false;
        var inner = text.AsSpan(1, text.Length - 2);
        if (!inner.ContainsAny('"', '\\'))
        {
            key = inner.ToString();
            return true;
        }

        var plain = new System.Text.StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            // Only a quote and a backslash can be escaped, and a quote must be (RFC 9651, section 3.3.3).
            if (inner[i] == '"' || (inner[i] == '\\' && (++i == inner.Length || inner[i] is not ('"' or '\\'))))
                return false;
            plain.Append(inner[i]);
        }

        key = plain.ToString();
        return true;
    }
}
