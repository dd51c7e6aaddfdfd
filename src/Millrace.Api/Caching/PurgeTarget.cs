using System.Net.Sockets;

namespace Millrace.Api.Caching;

/// <summary>One shared cache, and what it has yet to be told. Thread-safe.</summary>
internal sealed class PurgeTarget(Uri url, CdnOptions options, HttpMessageHandler? connections = null) : IDisposable
{
    // A header of some 4 KB; one CDN takes no more than 256.
    private const int MostAtOnce = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly HttpClient _client = new(connections ?? NewConnections()) { Timeout = Patience };
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _isWaiting = new(0, 1);
    private HashSet<string> _waiting = new(StringComparer.Ordinal);
    private long _sent;
    private long _failed;
    private volatile bool _isWorking;

    public Uri Url => url;

    /// <summary>It took what it was told last. False before the first time.</summary>
    public bool IsWorking => _isWorking;

    public long SentCount => Interlocked.Read(ref _sent);

    public long FailedCount => Interlocked.Read(ref _failed);

    public int WaitingCount
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    public void Add(string group)
    {
        lock (_lock)
        {
            if (_waiting.Count >= Purges.MostWaiting || _waiting.Contains(Purges.Everything))
                (_waiting, group) = (new HashSet<string>(StringComparer.Ordinal), Purges.Everything);
            _waiting.Add(group);
            if (_isWaiting.CurrentCount == 0)
                _isWaiting.Release();
        }
    }

    /// <summary>Waits until there is something to tell, and tells it.</summary>
    /// <returns>Null when the cache has taken it; else why not, and it waits again.</returns>
    public async Task<string?> SendAsync(CancellationToken cancellation)
    {
        await _isWaiting.WaitAsync(cancellation);
        var groups = Take();
        // What woke us now was taken along with what had woken us before.
        if (groups.Length == 0)
            return null;
        var failure = await TrySendAsync(groups, cancellation);
        _isWorking = failure is null;
        Interlocked.Increment(ref failure is null ? ref _sent : ref _failed);
        if (failure is not null)
            Array.ForEach(groups, Add);
        return failure;
    }

    public void Dispose()
    {
        _client.Dispose();
        _isWaiting.Dispose();
    }

    private string[] Take()
    {
        lock (_lock)
        {
            string[] taken = [.. _waiting.Take(MostAtOnce)];
            _waiting.ExceptWith(taken);
            if (_waiting.Count > 0 && _isWaiting.CurrentCount == 0)
                _isWaiting.Release();
            return taken;
        }
    }

    private static SocketsHttpHandler NewConnections() => new()
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // Without one there is no span of the call, whose URL may carry what lets us in there; and a cache outside learns of no trace.
        ActivityHeadersPropagator = null,
    };

    private async Task<string?> TrySendAsync(string[] groups, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Headers.TryAddWithoutValidation(options.GroupHeader!, options.Join(groups));
        if (options.PurgeCredential is { } credential)
            request.Headers.TryAddWithoutValidation(credential.Key, credential.Value);
        try
        {
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return answer.IsSuccessStatusCode ? null : $"status {(int)answer.StatusCode}";
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException)
        {
            return ((failure as HttpRequestException)?.HttpRequestError ?? HttpRequestError.ConnectionError).ToString();
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "time-out";
        }
    }
}
