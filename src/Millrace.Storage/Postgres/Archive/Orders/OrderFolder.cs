using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Backup;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>One month of archived orders, open for reading. Thread-safe.</summary>
internal sealed class OrderFolder : IDisposable
{
    private readonly ReaderPool _readers;
    private readonly TimeSpan _patience;

    /// <param name="path">Its path.</param>
    /// <param name="store">Whose orders it must hold.</param>
    /// <param name="patience">How long a reading may take.</param>
    /// <exception cref="InvalidDataException">The folder is damaged, or of another kind.</exception>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    public OrderFolder(string path, Guid store, TimeSpan patience)
    {
        (Path, Manifest, _patience) = (path, OrderManifest.Read(path), patience);
        if (Manifest.StoreId != store)
            throw new InvalidDataException($"{path} holds orders of another store.");
        _readers = new ReaderPool(() => OrderFile.OpenReader(System.IO.Path.Combine(path, OrderFile.Name)));
    }

    public string Path { get; }

    public OrderManifest Manifest { get; }

    /// <summary>Writes a folder: under another name until it is whole and on the disk. When there is one with the same orders already, that one stays.</summary>
    /// <returns>Its path.</returns>
    public static async Task<string> WriteAsync(string archive, OrderManifest manifest, IAsyncEnumerable<OrderRow> orders, CancellationToken cancellation)
    {
        var name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"orders-{manifest.Month:yyyyMM}-{manifest.Shard}");
        var partial = System.IO.Path.Combine(archive, $"{name}-{manifest.StoreId:N}{ArchiveFolder.Unfinished}");
        if (Directory.Exists(partial))
            Directory.Delete(partial, recursive: true);
        DurableFiles.CreateFolder(partial);
        var file = System.IO.Path.Combine(partial, OrderFile.Name);
        var count = await WriteAsync(file, orders, cancellation).ConfigureAwait(false);
        var hash = await DurableFiles.SealAsync(file, cancellation).ConfigureAwait(false);
        var path = System.IO.Path.Combine(archive, $"{name}-{hash[..16]}");
        DurableFiles.Write(
            System.IO.Path.Combine(partial, ArchiveManifest.FileName),
            (manifest with { Orders = count, File = new BackupFile(OrderFile.Name, new FileInfo(file).Length, hash) }).ToBytes());
        if (!Directory.Exists(path))
        {
            DurableFiles.Rename(partial, path);
            return path;
        }

        Directory.Delete(partial, recursive: true);
        // Whoever renamed it may have been killed before that was durable.
        DurableFiles.SyncFolder(archive);
        return path;
    }

    private static async Task<long> WriteAsync(string file, IAsyncEnumerable<OrderRow> orders, CancellationToken cancellation)
    {
        try
        {
            var count = 0L;
            using var session = OrderFile.Create(file);
            await foreach (var order in orders.WithCancellation(cancellation).ConfigureAwait(false))
            {
                OrderFile.Add(session, order);
                count++;
            }

            OrderFile.Finish(session);
            return count;
        }
        catch (SqliteException fault)
        {
            // A disk that is full, most likely; and not the database's.
            throw new IOException($"{file} cannot be written: {fault.Message}", fault);
        }
    }

    /// <summary>Whether every byte of it is as it was written; a reading checks the orders that it reads, and no index.</summary>
    public async Task<bool> IsWholeAsync(CancellationToken cancellation)
    {
        var file = File.OpenRead(System.IO.Path.Combine(Path, OrderFile.Name));
        await using (file.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation).ConfigureAwait(false)) == Manifest.File.Sha256;
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
            catch (Exception damage) when (damage is SqliteException or FormatException)
            {
                throw ArchiveReading.Damage(Path, damage);
            }
        }
    }

    public Task<OrderRow?> FindAsync(OrderId id, CancellationToken cancellation) => ReadAsync(session => OrderFile.Find(session, id), cancellation);

    public Task<OrderPage> PageAsync(OrderQuery query, int[]? only, CancellationToken cancellation) => ReadAsync(session => OrderFile.Page(session, query, only), cancellation);

    public void Dispose() => _readers.Dispose();

    // The reading of a file waits where it is called.
    private Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellation) => ArchiveReading.WaitAsync(
        Task.Run(() => _readers.ReadAsync(read, static (session, read) => read(session), cancellation).AsTask(), cancellation), Path, _patience, cancellation);
}
