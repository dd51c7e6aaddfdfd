using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Millrace.Cli.Torture;

/// <summary>What one client was told of one order.</summary>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Body">As sent; a repeat sends the same bytes.</param>
/// <param name="Order">The id that was acknowledged.</param>
internal sealed record Ack(string Key, byte[] Body, string Order);

/// <summary>What the answers about one order had said by then; none of it may ever be less.</summary>
/// <param name="Version">The highest.</param>
/// <param name="IsCanceled">A cancellation was answered as done: what is left of it is to give back what was taken.</param>
internal readonly record struct Told(int Version, bool IsCanceled);

/// <summary>
/// The clients' own record of acknowledgements, which no crash of the server touches: the orders durable, what was told of their changes in memory, since nobody
/// kills this process.
/// </summary>
internal sealed class AckRecord(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    private readonly ConcurrentDictionary<string, Ack> _byKey = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Told> _told = new(StringComparer.Ordinal);

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

    /// <summary>Of one order, until now.</summary>
    public Told Of(string order) => _told.GetValueOrDefault(order);

    /// <summary>An answer showed an order after a command on it was done.</summary>
    /// <param name="order">Its id.</param>
    /// <param name="version">As the answer has it; a repeat's is the first one's.</param>
    /// <param name="isCanceled">The command was to cancel it.</param>
    public void Tell(string order, int version, bool isCanceled) =>
        _told.AddOrUpdate(order, new Told(version, isCanceled), (_, before) => new Told(Math.Max(before.Version, version), before.IsCanceled || isCanceled));

    public void Dispose() => _file.Dispose();
}
