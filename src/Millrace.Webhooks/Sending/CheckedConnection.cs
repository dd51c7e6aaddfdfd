using System.Net;
using System.Net.Sockets;
using Millrace.Domain.Identity;

namespace Millrace.Webhooks.Sending;

/// <summary>The name of a receiver leads to an address that webhooks may not go to.</summary>
internal sealed class AddressRefusedException(string host) : Exception($"'{host}' leads to an address that webhooks may not go to.");

/// <summary>
/// Connects to addresses that were checked, and to no others: a name is resolved once, here, so that nothing can answer differently between the check and
/// the connection.
/// </summary>
internal static class CheckedConnection
{
    // Each holds a thread until the name server answers: more are not given to names that lead nowhere, and a part of them to those of one tenant.
    private static readonly SharedSlots Lookups = new(all: 16, each: 4);

    /// <exception cref="AddressRefusedException">One of the name's addresses is not public, whatever the others are.</exception>
    public static async ValueTask<Stream> OpenAsync(TenantId tenant, DnsEndPoint to, bool allowPrivate, CancellationToken cancellation)
    {
        var addresses = await ResolveAsync(tenant, to.Host, cancellation);
        if (!allowPrivate && !Array.TrueForAll(addresses, AddressFilter.IsPublic))
            throw new AddressRefusedException(to.Host);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, to.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(TenantId tenant, string host, CancellationToken cancellation)
    {
        using var slot = await Lookups.EnterAsync(tenant, cancellation);
        return await Dns.GetHostAddressesAsync(host, cancellation);
    }
}
