using System.Net;
using System.Net.Sockets;

namespace Millrace.Cli.Serve;

internal static class FreePort
{
    /// <summary>A port on loopback that was free a moment ago. Whoever binds it next may lose the race, and fails loudly.</summary>
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
