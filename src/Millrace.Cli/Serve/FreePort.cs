using System.Net;
using System.Net.Sockets;

namespace Millrace.Cli.Serve;

/// <summary>
/// A port that was free a moment ago. Below what systems give to outgoing connections (Linux: from 32,768), so that none of these takes it while the server that it
/// belongs to is restarted, and above what services are commonly known by. On Linux no other process that looks here is told of it for as long as this one lives, bound or not.
/// Elsewhere whoever binds it next may lose the race, and fails loudly; that is rare: processes begin to look at different places, and go on from there.
/// </summary>
internal sealed class FreePort
{
    private static readonly FreePort s_told = new(23_000, 9_000, apart: 199);
    private static readonly FreePort s_own = new(20_000, 3_000, apart: 67);

    // In the kernel, by name: it forgets them with the process, however that ends.
    private static readonly List<Socket> s_promised = [];
    private readonly int _first;
    private readonly int _count;
    private int _next;

    private FreePort(int first, int count, int apart) => (_first, _count, _next) = (first, count, (int)((long)Environment.ProcessId * apart % count));

    /// <summary>One that others are told of before it is bound.</summary>
    /// <exception cref="InvalidOperationException">None was found.</exception>
    public static int Find() => s_told.Look();

    /// <summary>One for this process itself, which nobody is told of: of a range of its own, so that it takes none that somebody else has been promised.</summary>
    /// <exception cref="InvalidOperationException">None was found.</exception>
    public static int FindOwn() => s_own.Look();

    private int Look()
    {
        for (var tries = 0; tries < _count; tries++)
        {
            var port = _first + (int)((uint)Interlocked.Increment(ref _next) % _count);
            Socket? promise = null;
            try
            {
                promise = Promise(port);
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                lock (s_promised)
                    s_promised.Add(promise);
                return port;
            }
            catch (SocketException)
            {
                // Taken, or promised to somebody: another.
                promise?.Dispose();
            }
        }

        throw new InvalidOperationException($"No port from {_first} to {_first + _count - 1} is free.");
    }

    /// <summary>What a promised port is known by to other processes: the name of a socket in no folder.</summary>
    internal static UnixDomainSocketEndPoint NameOf(int port) => new($"\0millrace-port-{port}");

    /// <exception cref="SocketException">Another has it.</exception>
    private static Socket Promise(int port)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (OperatingSystem.IsLinux())
                socket.Bind(NameOf(port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
