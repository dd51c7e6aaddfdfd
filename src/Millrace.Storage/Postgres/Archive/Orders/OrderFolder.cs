using Microsoft.Data.Sqlite;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Backup;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>One month of archived orders, open for reading. Thread-safe.</summary>
internal sealed class OrderFolder : IDisposable
{
    // An archive may lie on a file system that falls silent; whoever asked is told so, and the few readers that a file has are all that wait on.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ReaderPool _readers;

    /// <exception cref="InvalidDataException">The folder is missing, damaged, or of another kind.</exception>
    public OrderFolder(string path)
    {
        (Path, Manifest) = (path, OrderManifest.Read(path));
        _readers = new ReaderPool(() => OrderFile.OpenReader(System.IO.Path.Combine(path, OrderFile.Name)));
    }

    public string Path { get; }

    public OrderManifest Manifest { get; }

    /// <summary>Writes a folder: under another name until it is whole and on the disk. When there is one with the same orders already, that one stays.</summary>
    /// <returns>Its path.</returns>
    public static async Task<string> WriteAsync(string archive, OrderManifest manifest, IAsyncEnumerable<OrderRow> orders, CancellationToken cancellation)
    {
        var name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"orders-{manifest.Month:yyyyMM}-{manifest.Shard}");
        var partial = System.IO.Path.Combine(archive, name + ArchiveFolder.Unfinished);
        if (Directory.Exists(partial))
            Directory.Delete(partial, recursive: true);
        DurableFiles.CreateFolder(partial);
        var file = System.IO.Path.Combine(partial, OrderFile.Name);
        var count = 0L;
        using (var session = OrderFile.Create(file))
        {
            await foreach (var order in orders.WithCancellation(cancellation).ConfigureAwait(false))
            {
                OrderFile.Add(session, order);
                count++;
            }

            OrderFile.Finish(session);
        }

        var hash = await DurableFiles.SealAsync(file, cancellation).ConfigureAwait(false);
        var path = System.IO.Path.Combine(archive, $"{name}-{hash[..16]}");
        DurableFiles.Write(
            System.IO.Path.Combine(partial, ArchiveManifest.FileName),
            (manifest with { Orders = count, File = new BackupFile(OrderFile.Name, new FileInfo(file).Length, hash) }).ToBytes());
        if (Directory.Exists(path))
            Directory.Delete(partial, recursive: true);
        else
            DurableFiles.Rename(partial, path);
        return path;
    }

    /// <summary>Every order of it, from the oldest, each checked.</summary>
    /// <exception cref="InvalidDataException">It is not as it was written.</exception>
    public IEnumerable<OrderRow> ReadAll()
    {
        using var session = OrderFile.OpenReader(System.IO.Path.Combine(Path, OrderFile.Name));
        using var orders = OrderFile.ReadAll(session).GetEnumerator();
        while (MoveNext())
            yield return orders.Current;

        bool MoveNext()
        {
            try
            {
                return orders.MoveNext();
            }
            catch (SqliteException damage)
            {
                throw new InvalidDataException($"{Path} is damaged: {damage.Message}", damage);
            }
        }
    }

    public Task<OrderRow?> FindAsync(OrderId id, CancellationToken cancellation) => ReadAsync(session => OrderFile.Find(session, id), cancellation);

    public Task<OrderPage> PageAsync(OrderQuery query, int[]? only, CancellationToken cancellation) => ReadAsync(session => OrderFile.Page(session, query, only), cancellation);

    public void Dispose() => _readers.Dispose();

    // On a thread of its own: the reading of a file waits where it is called.
    private async Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellation)
    {
        var reading = Task.Run(() => _readers.ReadAsync(read, static (session, read) => read(session), cancellation).AsTask(), cancellation);
        try
        {
            return await reading.WaitAsync(Patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!reading.IsCompleted)
        {
            _ = reading.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
            throw new StoreUnavailableException($"The archive '{Path}' did not answer within {Patience.TotalSeconds:F0} s.");
        }
        catch (Exception damage) when (damage is InvalidDataException or SqliteException)
        {
            // Of one order, in a file: no reason for anybody else to stand still.
            throw new StoreUnavailableException($"The archive '{Path}' cannot be read: {damage.Message}", damage);
        }
    }
}
