using Millrace.Cli.Serve;
using System.Diagnostics;
using System.Net.Sockets;
using Millrace.Tests.Storage;

namespace Millrace.Tests.EndToEnd;

/// <summary>A real Redis that keeps nothing, on a port of its own, gone when this object is.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort.Find();
    private string[] _more = [];
    private ChildProcess? _process;

    public string Address => $"127.0.0.1:{_port}";

    /// <param name="more">Further settings, as redis-server takes them.</param>
    public static async Task<RedisServer> StartAsync(params string[] more)
    {
        var server = new RedisServer { _more = more };
        await server.RunAsync();
        return server;
    }

    /// <summary>Again on the same port, knowing nothing, after <see cref="KillAsync"/>.</summary>
    public async Task RunAsync()
    {
        _process = new ChildProcess(new ProcessStartInfo("/usr/bin/redis-server", [
            "--port", _port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Path, .. _more,
        ]));
        await Eventually.Async(AnswersAsync, "Redis answers");
    }

    /// <returns>The first line of the answer to a command.</returns>
    public async Task<string?> AskAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _port);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"));
        using var answer = new StreamReader(client.GetStream());
        return await answer.ReadLineAsync();
    }

    public async Task KillAsync()
    {
        _process!.Send(Signal.Kill);
        await _process.ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException(_process.Words);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", _port);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[5];
            await client.GetStream().ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG"u8);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
