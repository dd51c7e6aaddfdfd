using System.Net;
using System.Net.Sockets;

namespace Millrace.Tests.EndToEnd;

internal static class Ports
{
    /// <summary>
    /// A free port below the system's ephemeral range, so that no outgoing connection takes it while the server that
    /// it belongs to is being restarted.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                continue;
            }
        }
    }
}
