using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>A connection that sends whatever bytes it is given, and reads the answer. No client library would send most of them.</summary>
internal sealed class RawHttp(int port) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly byte[] _buffer = new byte[64 << 10];
    private TcpClient? _tcp;
    private int _start;
    private int _end;

    public void Dispose() => _tcp?.Dispose();

    /// <summary>Sends one request, on the connection of the one before when it is still open.</summary>
    /// <returns>The answer; status 0 when the server closed the connection without one.</returns>
    public async Task<RawAnswer> SendAsync(ReadOnlyMemory<byte> request, bool isHead = false)
    {
        using var limit = new CancellationTokenSource(Patience);
        var isFresh = await ConnectAsync(limit.Token);
        var answer = await ExchangeAsync(request, isHead, limit.Token);
        // The server may have closed a kept connection meanwhile: nothing was done with what it did not read.
        if (answer.Status == 0 && !isFresh)
        {
            await ConnectAsync(limit.Token);
            answer = await ExchangeAsync(request, isHead, limit.Token);
        }

        if (answer.IsClosed)
            Close();
        return answer;
    }

    /// <summary>Whether bytes beyond the last answer have come: an answer to something that was no request.</summary>
    public bool HasMore => _end > _start || _tcp is { Available: > 0 };

    private async Task<bool> ConnectAsync(CancellationToken cancellation)
    {
        if (_tcp is not null)
            return false;
        _tcp = new TcpClient { NoDelay = true };
        await _tcp.ConnectAsync(IPAddress.Loopback, port, cancellation);
        return true;
    }

    private async Task<RawAnswer> ExchangeAsync(ReadOnlyMemory<byte> request, bool isHead, CancellationToken cancellation)
    {
        try
        {
            await _tcp!.GetStream().WriteAsync(request, cancellation);
        }
        catch (IOException)
        {
            // Refused before all was sent; the answer may be there all the same.
        }

        try
        {
            return await ReadAsync(isHead, cancellation);
        }
        catch (IOException)
        {
            Close();
            return RawAnswer.None;
        }
    }

    private async Task<RawAnswer> ReadAsync(bool isHead, CancellationToken cancellation)
    {
        while (true)
        {
            if (await ReadHeadAsync(cancellation) is not { } head)
            {
                Close();
                return RawAnswer.None;
            }

            var lines = head.Split("\r\n");
            var status = int.Parse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
            // An interim answer is followed by the real one.
            if (status is 100)
                continue;
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var line in lines.Skip(1))
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                headers[line[..colon]] = line[(colon + 1)..].Trim();
            }

            var length = isHead || status is 204 or 304 ? 0 : int.Parse(headers.GetValueOrDefault("Content-Length", "0"), NumberStyles.None, CultureInfo.InvariantCulture);
            var isClosed = headers.GetValueOrDefault("Connection", "").Contains("close", StringComparison.OrdinalIgnoreCase);
            var body = headers.ContainsKey("Transfer-Encoding") ? await ReadChunksAsync(cancellation) : await ReadBodyAsync(length, cancellation);
            return new RawAnswer(status, headers, body, isClosed);
        }
    }

    private async Task<string?> ReadHeadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (at >= 0)
            {
                var head = Encoding.Latin1.GetString(_buffer, _start, at);
                _start += at + 4;
                return head;
            }

            if (!await FillAsync(cancellation))
                return null;
        }
    }

    private async Task<byte[]> ReadBodyAsync(int length, CancellationToken cancellation)
    {
        var body = new byte[length];
        for (var done = 0; done < length;)
        {
            if (_end == _start && !await FillAsync(cancellation))
                throw new IOException("The answer ended early.");
            var count = Math.Min(length - done, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(body.AsSpan(done));
            _start += count;
            done += count;
        }

        return body;
    }

    private async Task<byte[]> ReadChunksAsync(CancellationToken cancellation)
    {
        var body = new MemoryStream();
        while (true)
        {
            var size = new StringBuilder();
            while (!size.ToString().EndsWith("\r\n", StringComparison.Ordinal))
                size.Append((char)(await ReadBodyAsync(1, cancellation))[0]);
            var length = int.Parse(size.ToString().AsSpan().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await ReadBodyAsync(length, cancellation));
            await ReadBodyAsync(2, cancellation);
            if (length == 0)
                return body.ToArray();
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var count = await _tcp!.GetStream().ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += count;
        return count > 0;
    }

    private void Close()
    {
        _tcp?.Dispose();
        (_tcp, _start, _end) = (null, 0, 0);
    }
}

/// <param name="Status">0 when there was none.</param>
/// <param name="Headers">The last of each name.</param>
/// <param name="Body">Whole.</param>
/// <param name="IsClosed">The connection ends with it.</param>
internal sealed record RawAnswer(int Status, Dictionary<string, string> Headers, byte[] Body, bool IsClosed)
{
    public static readonly RawAnswer None = new(0, [], [], true);

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The edge has seen the request: the server's own parser gives it no name.</summary>
    public bool IsFromEdge => Headers.ContainsKey("Request-Id");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Status} {Text}");
}
