using System.Security.Cryptography;
using System.Text;

namespace Millrace.Cli.Replay;

/// <summary>The idempotency keys of a replay: functions of the file alone, so that a second run repeats the first and doubles nothing.</summary>
internal static class ReplayKeys
{
    private const int MaxPlain = 128;

    public static string Place(string invoice) => "replay:" + Plain(invoice);

    public static string Cancel(string invoice) => "replay:cancel:" + Plain(invoice);

    /// <param name="sku">Which item.</param>
    /// <param name="units">Part of the key, since another amount is another intent.</param>
    public static string Stock(string sku, long units) => $"replay:stock:{Plain(sku)}:{units}";

    // A header takes printable ASCII; anything else goes by its hash.
    private static string Plain(string text) =>
        text.Length <= MaxPlain && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : "sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
