using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Millrace.Cli.Torture;

/// <summary>What one client was told of one order.</summary>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Body">As sent; a repeat sends the same bytes.</param>
/// <param name="Order">The id that was acknowledged.</param>
internal sealed record Ack(string Key, byte[] Body, string Order);

/// <summary>The clients' own durable record of acknowledgements, which no crash of the server touches.</summary>
internal sealed class AckRecord(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    private readonly ConcurrentDictionary<string, Ack> _byKey = new(StringComparer.Ordinal);

    /// <summary>As the file has it.</summary>
    /// <exception cref="KeyNotFoundException">The file holds an acknowledgement that nobody wrote.</exception>
    public IReadOnlyCollection<Ack> ReadAll()
    {
        using var file = new StreamReader(path, Encoding.ASCII, false, new FileStreamOptions { Share = FileShare.ReadWrite });
        var all = new List<Ack>(Count);
        while (file.ReadLine()?.Split(' ') is [var key, var order])
            all.Add(_byKey[key] with { Order = order });
        return all;
    }

    public int Count => _byKey.Count;

    /// <exception cref="InvalidOperationException">The key was acknowledged before.</exception>
    public void Add(Ack ack)
    {
        if (!_byKey.TryAdd(ack.Key, ack))
            throw new InvalidOperationException($"{ack.Key} was acknowledged twice.");
        var line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{ack.Key} {ack.Order}\n"));
        lock (_file)
        {
            _file.Write(line);
            _file.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file.Dispose();
}
