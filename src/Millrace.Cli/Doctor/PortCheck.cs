using System.Net;
using System.Net.Sockets;

namespace Millrace.Cli.Doctor;

/// <summary>Whether a server could listen.</summary>
internal static class PortCheck
{
    public static Finding Of(int port)
    {
        var fault = FaultOf(port);
        return Finding.Of($"port {port}", fault is null, Verdict.Warn, fault ?? "free on 127.0.0.1", "a server cannot listen where another does",
            $"ss -ltnp 'sport = :{port}'   # who has it; or: millrace serve --urls http://127.0.0.1:{(port < IPEndPoint.MaxPort ? port + 1 : port - 1)}");
    }

    private static string? FaultOf(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return null;
        }
        catch (SocketException taken)
        {
            return taken.SocketErrorCode == SocketError.AddressAlreadyInUse ? "in use on 127.0.0.1, perhaps by a server of ours" : taken.Message;
        }
    }
}
