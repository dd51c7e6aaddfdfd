using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Api.Tracking;

/// <summary>A tracked order for people: one page without scripts, pictures or anything to fetch. All that stands in it is ours, so there is nothing to escape.</summary>
internal static class TrackPage
{
    private const string Style = """
        :root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem}h1{font-size:1.5rem}
        ol{list-style:none;padding:0}li{padding:.5rem 0 .5rem 1rem;border-left:.25rem solid GrayText;color:GrayText}li.done{border-color:currentColor;color:CanvasText}
        li.done b{display:block}
        """;

    /// <summary>Nothing but the page's own style, by its hash.</summary>
    public static readonly string ContentSecurityPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, (string Heading, string Step)> Words = new(StringComparer.Ordinal)
    {
        [TrackedOrder.Received] = ("We have your order", "Received"),
        [TrackedOrder.Confirmed] = ("Your order is confirmed", "Confirmed"),
        [TrackedOrder.Shipped] = ("Your order is on its way", "Shipped"),
        [TrackedOrder.Delivered] = ("Your order has arrived", "Delivered"),
        [TrackedOrder.Canceled] = ("Your order is canceled", "Canceled"),
    };

    public static byte[] Render(TrackedOrder order)
    {
        var page = new StringBuilder(2_048);
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Your order</title><style>")
            .Append(Style).Append("</style></head><body><main><h1>").Append(Words[order.Status].Heading).Append("</h1><ol>");
        foreach (var step in order.Steps)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(step.AtUnixMs);
            page.Append(CultureInfo.InvariantCulture, $"<li class=\"done\"><b>{Words[step.Name].Step}</b><time datetime=\"{at:yyyy-MM-ddTHH:mm:ssZ}\">{at:d MMMM yyyy, HH:mm} UTC</time></li>");
        }

        if (order.Status != TrackedOrder.Canceled)
        {
            foreach (var name in TrackedOrder.Way.Except(order.Steps.Select(step => step.Name), StringComparer.Ordinal))
                page.Append("<li>").Append(Words[name].Step).Append("</li>");
        }

        return Encoding.UTF8.GetBytes(page.Append("</ol></main></body></html>\n").ToString());
    }
}
