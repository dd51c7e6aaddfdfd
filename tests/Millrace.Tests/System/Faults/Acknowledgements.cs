using System.Collections.Concurrent;

namespace Millrace.Tests.EndToEnd;

/// <summary>What one client was told of one order.</summary>
/// <param name="Status">HTTP status of the first answer.</param>
internal sealed record Acknowledged(string Key, string Body, string Order, int Status)
{
    /// <summary>The client was told that the order is being canceled.</summary>
    public bool IsCanceled { get; set; }
}

/// <summary>The clients' own record, which no crash of the server touches.</summary>
internal sealed class Acknowledgements
{
    private readonly ConcurrentDictionary<string, Acknowledged> _byKey = new(StringComparer.Ordinal);
    private int _retries;

    public IReadOnlyCollection<Acknowledged> All => [.. _byKey.Values];

    public int Count => _byKey.Count;

    /// <summary>Requests that got no answer, or one that said to try again.</summary>
    public int Retries => _retries;

    public void Add(Acknowledged order)
    {
        if (!_byKey.TryAdd(order.Key, order))
            throw new InvalidOperationException($"{order.Key} was acknowledged twice.");
    }

    public void CountRetry() => Interlocked.Increment(ref _retries);
}
