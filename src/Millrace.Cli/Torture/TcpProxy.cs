using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Millrace.Cli.Torture;

/// <summary>How a way through the network goes away.</summary>
internal enum CutKind
{
    /// <summary>Connections are closed, and new ones too.</summary>
    Closing,

    /// <summary>Nothing comes through, and nobody is told; what was sent meanwhile comes late, all at once.</summary>
    Holding,
}

/// <summary>A TCP port of loopback that leads to another, until it is cut. Thread-safe.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly ConcurrentDictionary<Link, Task> _links = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile Cut? _cut;

    public TcpProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <param name="kind">How it goes away.</param>
    /// <param name="concerns">Tells by its port whether a client is cut off.</param>
    public void CutOff(CutKind kind, Func<int, bool> concerns)
    {
        var cut = new Cut(kind, concerns);
        _cut = cut;
        if (kind != CutKind.Closing)
            return;
        foreach (var link in _links.Keys)
        {
            if (link.IsConcerned(cut))
                link.Close();
        }
    }

    public void Heal()
    {
        var cut = _cut;
        _cut = null;
        cut?.Healed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Heal();
        await _accepting;
        foreach (var (link, _) in _links)
            link.Close();
        await Task.WhenAll(_links.Values);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var link = new Link(await _listener.AcceptSocketAsync(_stop.Token));
                _links[link] = Task.Run(() => RunAsync(link));
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Of the listener; a client that is gone before it is taken is its own affair.
            }
        }
    }

    private async Task RunAsync(Link link)
    {
        try
        {
            if (!await MayPassAsync(link))
                return;
            await link.Server.ConnectAsync(_target, _stop.Token);
            await Task.WhenAll(PumpAsync(link, link.Client, link.Server), PumpAsync(link, link.Server, link.Client));
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Either end is gone, or the link was cut: the other end learns it below.
        }
        finally
        {
            link.Close();
            _links.TryRemove(link, out _);
        }
    }

    private async Task PumpAsync(Link link, Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        while (await ReceiveAsync(from, buffer) is > 0 and var length)
        {
            if (!await MayPassAsync(link))
                break;
            for (var sent = 0; sent < length;)
                sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), _stop.Token);
        }

        // That it was closed is learned as late as anything else.
        while (_cut is { } cut && link.IsConcerned(cut))
            await cut.Healed.Task;
        link.Close();
    }

    private async Task<int> ReceiveAsync(Socket from, byte[] buffer)
    {
        try
        {
            return await from.ReceiveAsync(buffer, _stop.Token);
        }
        catch (SocketException)
        {
            // Reset: an end like any other.
            return 0;
        }
    }

    private async Task<bool> MayPassAsync(Link link)
    {
        while (_cut is { } cut && link.IsConcerned(cut))
        {
            if (cut.Kind == CutKind.Closing)
                return false;
            await cut.Healed.Task.WaitAsync(_stop.Token);
        }

        return true;
    }

    private sealed record Cut(CutKind Kind, Func<int, bool> Concerns)
    {
        public TaskCompletionSource Healed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Link(Socket client)
    {
        private readonly int _port = ((IPEndPoint)client.RemoteEndPoint!).Port;
        private readonly Lock _lock = new();
        private (Cut Cut, bool Is)? _judged;

        public Socket Client { get; } = client;

        public Socket Server { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        // Whose it is does not change, and is not cheap to find out.
        public bool IsConcerned(Cut cut)
        {
            lock (_lock)
            {
                if (_judged is not { } judged || judged.Cut != cut)
                    _judged = judged = (cut, cut.Concerns(_port));
                return judged.Is;
            }
        }

        public void Close()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
