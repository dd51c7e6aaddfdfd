using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Migrations;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite;

/// <summary>
/// Journal and read model of one node in two SQLite files, so that an append never waits for a checkpoint. Thread-safe:
/// writes to a file take turns and run on the caller's thread; reads use connections of their own and never wait for a commit.
/// See docs/adr/0001 for the journal's layout and 0004 for the read model's.
/// </summary>
public sealed partial class SqliteStore : IJournal, IReadModel, IStockPages, IAsyncDisposable
{
    // 1,000 pages of 8 KB take about 8 ms to copy, during which nobody commits: as much as the accept latency can bear.
    private const int JournalCheckpointPages = 1_000;

    // Appended and not looked at again: more would only be memory that the processor's cache does not hold.
    private const int JournalCacheMegabytes = 4;

    // The pages that checkpoints come back to: the ends of the partitions' orders, and the stock.
    private const int ReadModelCacheMegabytes = 64;

    // Nobody waits for the read model; a page that many checkpoints touch is copied once for all of them.
    private const int ReadModelCheckpointPages = 4_000;

    // Taken in this order: a checkpoint, then the journal.
    private readonly Lock _checkpointing = new();
    private readonly Lock _writing = new();
    // Each keeps a processor busy.
    private const int MostLists = 4;
    private readonly StoreFolder _folder;
    private readonly StoreRow _row;
    private readonly SqliteWriter _journal;
    private readonly SqliteWriter _readModel;
    private readonly ReaderPool _journalReaders;
    private readonly ReaderPool _readers;
    private readonly ReaderPool _lists;
    private readonly PartitionHead[] _heads;
    private long _lastPosition;
    private long _scanFrom;
    private volatile bool _closed;

    private SqliteStore(
        SqliteStoreOptions options, StoreFolder folder, StoreRow row, SqliteWriter journal, SqliteWriter readModel, OpeningScan scan)
    {
        _row = row;
        Synchronous = options.Synchronous;
        (_folder, _journal, _readModel, _heads) = (folder, journal, readModel, scan.Heads);
        (_journalReaders, _readers) = (new ReaderPool(journal.Factory.OpenReader), new ReaderPool(readModel.Factory.OpenReader));
        // Cold orders, keys and recoveries wait for no list, however many are asked for.
        _lists = new ReaderPool(readModel.Factory.OpenReader, MostLists);
        (_lastPosition, _scanFrom) = (scan.LastPosition, scan.ScanFrom);
    }

    public int PartitionCount => _heads.Length;

    /// <summary>The folder is locked by one process.</summary>
    public bool IsShared => false;

    /// <summary>A folder without it holds no store.</summary>
    public const string JournalFileName = StoreFolder.JournalName;

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

    internal CommitFault Fault => _journal.Fault;

    /// <summary>Opens the store in a folder, or makes one, and reads the journal's tail once.</summary>
    /// <exception cref="StoreRefusedException">The folder cannot be served; one line says why.</exception>
    /// <exception cref="StoreUnavailableException">The disk failed.</exception>
    public static SqliteStore Open(SqliteStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Refuse(options);
        SqliteConnectionFactory.RequireLibrary();
        if (!options.MayUpgrade && !File.Exists(Path.Combine(options.DataDirectory, JournalFileName)))
            throw new StoreRefusedException($"There is no store in {options.DataDirectory}.");
        var folder = StoreFolder.Acquire(options.DataDirectory);
        SqliteWriter? journal = null;
        SqliteWriter? readModel = null;
        try
        {
            journal = OpenFile(new SqliteConnectionFactory(folder.Journal, options.Synchronous, JournalCheckpointPages, JournalCacheMegabytes), "Journal", options.MayUpgrade);
            // Consistent after any crash, and what it loses with the power the journal still has.
            var synchronous = options.Synchronous < SqliteSynchronous.Normal ? options.Synchronous : SqliteSynchronous.Normal;
            readModel = OpenFile(new SqliteConnectionFactory(folder.ReadModel, synchronous, ReadModelCheckpointPages, ReadModelCacheMegabytes), "ReadModel", options.MayUpgrade);
            var row = StoreRow.EnsureJournal(journal.Session, options.PartitionCount, folder.Path);
            row.EnsureReadModel(readModel.Session, folder.ReadModel);
            var scan = OpeningScan.Run(journal.Session, readModel.Session, row.PartitionCount);
            return new SqliteStore(options, folder, row, journal, readModel, scan);
        }
        catch (Exception fault)
        {
            journal?.Dispose();
            readModel?.Dispose();
            folder.Dispose();
            if (fault is SqliteException sqlite)
                throw new StoreUnavailableException($"The store in {folder.Path} cannot be opened: {sqlite.Message}", sqlite);
            if (fault is IOException or UnauthorizedAccessException)
                throw new StoreRefusedException($"The store in {folder.Path} cannot be used: {fault.Message}");
            // A column of another kind than it was written with, a length beyond the end.
            if (fault is InvalidCastException or ArgumentOutOfRangeException or InvalidDataException)
                throw new StoreRefusedException($"The store in {folder.Path} is damaged: {fault.Message} Restore it.");
            throw;
        }
    }

    /// <summary>Bytes on disk, with the write-ahead log.</summary>
    public ValueTask<long> DiskBytesAsync() => ValueTask.FromResult(_folder.DiskBytes());

    public ValueTask DisposeAsync()
    {
        lock (_checkpointing)
        lock (_writing)
        {
            if (_closed)
                return ValueTask.CompletedTask;
            _closed = true;
            _journalReaders.Dispose();
            _readers.Dispose();
            _lists.Dispose();
            _journal.Dispose();
            _readModel.Dispose();
            _folder.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Stands in for a disk of this size, as far as the journal goes.</summary>
    internal void LimitPages(long pages)
    {
        lock (_writing)
            _journal.Session.Execute($"PRAGMA max_page_count = {pages}");
    }

    internal long CountPages()
    {
        lock (_writing)
            return _journal.Session.Scalar("PRAGMA page_count");
    }

    private static SqliteWriter OpenFile(SqliteConnectionFactory factory, string migrations, bool mayUpgrade)
    {
        DurableFiles.MakeFile(factory.Path);
        var session = factory.OpenWriter();
        try
        {
            SchemaMigrations.Apply(session, factory.Path, migrations, mayUpgrade);
            return new SqliteWriter(factory, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
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
