using System.Buffers.Text;
using System.Net.Sockets;

namespace Millrace.Cli.Bench.Load;

/// <summary>One HTTP/1.1 connection, one request at a time. Knows only what our server answers: a length in every header.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];

    public async ValueTask ConnectAsync(Uri server, CancellationToken cancellation) =>
        await _socket.ConnectAsync(server.Host, server.Port, cancellation);

    /// <returns>The status of the answer.</returns>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        await _socket.SendAsync(request, cancellation);
        var received = 0;
        while (true)
        {
            var count = await _socket.ReceiveAsync(_buffer.AsMemory(received), cancellation);
            if (count == 0)
                throw new IOException("The server closed the connection.");
            received += count;
            if (Length(_buffer.AsSpan(0, received)) is { } length && received >= length)
                return Status(_buffer);
            if (received == _buffer.Length)
                throw new IOException("The answer is larger than any of ours.");
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Bytes of head and body together; null while the head is not whole.</summary>
    internal static int? Length(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var name = "Content-Length: "u8;
        var at = answer[..end].IndexOf(name);
        if (at < 0 || !Utf8Parser.TryParse(answer[(at + name.Length)..], out int body, out _))
            throw new IOException("The answer has no length.");
        return end + 4 + body;
    }

    // "HTTP/1.1 202".
    internal static int Status(ReadOnlySpan<byte> answer) =>
        Utf8Parser.TryParse(answer[9..12], out int status, out _) ? status : throw new IOException("The answer is not HTTP.");
}
