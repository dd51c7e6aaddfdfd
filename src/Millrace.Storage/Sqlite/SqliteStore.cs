using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Migrations;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite;

/// <summary>
/// Journal and read model of one node in one SQLite file. Thread-safe: writes take turns and run on the caller's thread;
/// reads use connections of their own and never wait for a commit. See docs/adr/0001 for the journal's layout.
/// </summary>
public sealed partial class SqliteStore : IJournal, IReadModel, IAsyncDisposable
{
    private readonly Lock _writing = new();
    private readonly StoreFolder _folder;
    private readonly SqliteWriter _writer;
    private readonly ReaderPool _readers;
    private readonly PartitionHead[] _heads;
    private long _lastPosition;
    private long _scanFrom;
    private bool _closed;

    private SqliteStore(
        SqliteStoreOptions options, StoreFolder folder, SqliteWriter writer, ReaderPool readers, OpeningScan scan)
    {
        Synchronous = options.Synchronous;
        (_folder, _writer, _readers, _heads) = (folder, writer, readers, scan.Heads);
        (_lastPosition, _scanFrom) = (scan.LastPosition, scan.ScanFrom);
    }

    public int PartitionCount => _heads.Length;

    public string DataDirectory => _folder.Path;

    public SqliteSynchronous Synchronous { get; }

    /// <summary>Whether an acknowledged commit survives the loss of power.</summary>
    public bool IsDurable => Synchronous >= SqliteSynchronous.Full;

    /// <summary>Version of the SQLite library in use.</summary>
    public static string LibraryVersion => SqliteConnectionFactory.LibraryVersion;

    /// <summary>Append commits since the store was opened.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Batches in them.</summary>
    public long Batches => Interlocked.Read(ref _batches);

    internal CommitFault Fault => _writer.Fault;

    /// <summary>Opens the store in a folder, or makes one, and reads the journal's tail once.</summary>
    /// <exception cref="StoreRefusedException">The folder cannot be served; one line says why.</exception>
    /// <exception cref="StoreUnavailableException">The disk failed.</exception>
    public static SqliteStore Open(SqliteStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Refuse(options);
        SqliteConnectionFactory.RequireLibrary();
        var folder = StoreFolder.Acquire(options.DataDirectory);
        SqliteSession? session = null;
        try
        {
            var factory = new SqliteConnectionFactory(folder.Database, options.Synchronous);
            session = factory.OpenWriter();
            SchemaMigrations.Apply(session, folder.Database);
            var partitionCount = StoreRow.Ensure(session, options.PartitionCount, folder.Path);
            var scan = OpeningScan.Run(session, partitionCount);
            return new SqliteStore(options, folder, new SqliteWriter(factory, session), new ReaderPool(factory), scan);
        }
        catch (Exception fault)
        {
            session?.Dispose();
            folder.Dispose();
            if (fault is SqliteException sqlite)
                throw new StoreUnavailableException($"The store in {folder.Path} cannot be opened: {sqlite.Message}", sqlite);
            throw;
        }
    }

    /// <summary>Bytes on disk, with the write-ahead log.</summary>
    public ValueTask<long> DiskBytesAsync() => ValueTask.FromResult(_folder.DiskBytes());

    public ValueTask DisposeAsync()
    {
        lock (_writing)
        {
            if (_closed)
                return ValueTask.CompletedTask;
            _closed = true;
            _readers.Dispose();
            _writer.Dispose();
            _folder.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Stands in for a disk of this size.</summary>
    internal void LimitPages(long pages)
    {
        lock (_writing)
            _writer.Session.Execute($"PRAGMA max_page_count = {pages}");
    }

    internal long CountPages()
    {
        lock (_writing)
            return _writer.Session.Scalar("PRAGMA page_count");
    }

    private static void Refuse(SqliteStoreOptions options)
    {
        if (options.PartitionCount is < 1 or > Domain.Identity.OrderId.MaxPartitions)
            throw new StoreRefusedException($"{options.PartitionCount} partitions: choose from 1 to 4096.");
        if (options.Synchronous < SqliteSynchronous.Full && !options.AllowUnsafeDurability)
            throw new StoreRefusedException(
                $"synchronous = {options.Synchronous} can lose acknowledged orders; it needs the explicit flag for unsafe durability.");
    }

    private PartitionHead Head(int partition) => (uint)partition < (uint)_heads.Length
        ? _heads[partition]
        : throw new ArgumentOutOfRangeException(nameof(partition), partition, $"The store has {_heads.Length} partitions.");
}
