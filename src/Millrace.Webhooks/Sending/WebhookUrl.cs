using System.Net;

namespace Millrace.Webhooks.Sending;

/// <summary>What can be said of a receiver's address before its name is resolved.</summary>
public static class WebhookUrl
{
    public const int MaxLength = 2_000;

    /// <returns>Why webhooks cannot go there, for people; null when they may, as far as the address itself tells.</returns>
    public static string? FaultOf(string text, WebhookOptions options, out Uri? url)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!Uri.TryCreate(text, UriKind.Absolute, out url) || url.Scheme is not ("https" or "http") || url.Host.Length == 0)
            return options.AllowHttp ? "An https or http URL is expected." : "An https URL is expected.";
        if (url.UserInfo.Length > 0)
            return "A URL with a user or a password in it would be shown with the endpoint: the signature is what a receiver knows us by.";
        if (url.Fragment.Length > 0)
            return "A fragment is never sent.";
        if (url.Scheme == "http" && !options.AllowHttp)
            return "Only https is accepted.";
        return MayBeSentTo(url, options) ? null : "Webhooks go to public addresses only.";
    }

    internal static bool MayBeSentTo(Uri url, WebhookOptions options) =>
        (url.Scheme == "https" || (url.Scheme == "http" && options.AllowHttp))
        && (options.AllowPrivateAddresses || (!IPAddress.TryParse(url.DnsSafeHost, out var address) ? !IsLocalName(url.DnsSafeHost) : AddressFilter.IsPublic(address)));

    // RFC 6761: not asked of any name server. Other names are judged by what they resolve to.
    private static bool IsLocalName(string host) =>
        host.TrimEnd('.') is var name && (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));
}
