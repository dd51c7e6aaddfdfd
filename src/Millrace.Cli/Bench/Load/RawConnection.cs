using System.Buffers.Text;
using System.Net.Sockets;

namespace Millrace.Cli.Bench.Load;

/// <summary>One HTTP/1.1 connection, one request at a time. Knows only what our server answers: a length in every header.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 * 1024];

    public bool IsConnected => _socket.Connected;

    public async ValueTask ConnectAsync(Uri server, CancellationToken cancellation) =>
        await _socket.ConnectAsync(server.Host, server.Port, cancellation);

    public async ValueTask<RawAnswer> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
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
                return new RawAnswer(Status(_buffer), RetryAfter(_buffer.AsSpan(0, length)));
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
        return end + 4 + (Number(answer[..end], "Content-Length: "u8) ?? throw new IOException("The answer has no length."));
    }

    // "HTTP/1.1 202".
    internal static int Status(ReadOnlySpan<byte> answer) =>
        Utf8Parser.TryParse(answer[9..12], out int status, out _) ? status : throw new IOException("The answer is not HTTP.");

    internal static TimeSpan? RetryAfter(ReadOnlySpan<byte> answer) =>
        Number(answer[..answer.IndexOf("\r\n\r\n"u8)], "Retry-After: "u8) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static int? Number(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var at = head.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out int number, out _) ? number : null;
    }
}

/// <summary>What the bench looks at of an answer.</summary>
internal readonly record struct RawAnswer(int Status, TimeSpan? RetryAfter);
