using System.Net;
using System.Net.Sockets;

namespace Millrace.Cli.Serve;

internal static class FreePort
{
    // Below what systems give to outgoing connections (Linux: from 32,768), and above what services are commonly known by.
    private const int First = 20_000;
    private const int End = 32_000;
    private const int MostTries = 1_000;

    /// <summary>A port that was free a moment ago, and that no outgoing connection takes while the server that it belongs to is restarted.
    /// Whoever binds it next may lose the race, and fails loudly.</summary>
    /// <exception cref="InvalidOperationException">None was found.</exception>
    public static int Find()
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var port = Random.Shared.Next(First, End);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {End} is free.");
    }
}
