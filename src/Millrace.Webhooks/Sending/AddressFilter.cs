using System.Net;
using System.Net.Sockets;

namespace Millrace.Webhooks.Sending;

/// <summary>
/// Which addresses are of the public Internet: what is in none of the IANA special-purpose registries (RFC 6890). An address that holds another one, as
/// several ways from IPv4 to IPv6 have it, is what the inner one is.
/// </summary>
public static class AddressFilter
{
    private static readonly IPNetwork[] NotPublicV4 = Networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4");

    // Of all IPv6 only this is given to anybody (RFC 4291): loopback, link-local, unique local, site-local and multicast are outside of it.
    private static readonly IPNetwork Given = IPNetwork.Parse("2000::/3");

    // Protocols' own, Teredo among them; documentation; 6to4, whose relays are gone.
    private static readonly IPNetwork[] NotPublicV6 = Networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    // What a network without IPv4 makes of an IPv4 address (RFC 6052).
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !IsIn(NotPublicV4, address);
        if (address.IsIPv4MappedToIPv6 || Nat64.Contains(address))
            return IsPublic(Last4(address));
        return Given.Contains(address) && !IsIn(NotPublicV6, address) && !IsIsatap(address);
    }

    private static bool IsIn(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, network => network.Contains(address));

    // RFC 5214: a tunnel to the IPv4 address at its end, whatever the prefix.
    private static bool IsIsatap(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes[8] is 0 or 2 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
    }

    private static IPAddress Last4(IPAddress address) => new(address.GetAddressBytes().AsSpan(12));

    private static IPNetwork[] Networks(params string[] texts) => Array.ConvertAll(texts, IPNetwork.Parse);
}
