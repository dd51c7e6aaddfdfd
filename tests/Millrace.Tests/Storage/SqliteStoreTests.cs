using Millrace.Storage.Sqlite;
using SQLitePCL;

namespace Millrace.Tests.Storage;

public sealed class SqliteStoreTests : StoreCompliance
{
    private readonly TemporaryFolder _folder = new();
    private SqliteStore? _store;

    protected override IAsyncDisposable OpenStore() =>
        _store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder.Path, PartitionCount = Partitions });

    protected override void FailNextAppend(AppendFault fault)
    {
        if (fault == AppendFault.AmbiguousDurable)
            _store!.Fault.After = () => Once(raw.SQLITE_IOERR_FSYNC);
        else
            _store!.Fault.Before = () => Once(fault == AppendFault.Unavailable ? raw.SQLITE_FULL : raw.SQLITE_IOERR_WRITE);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    private int Once(int code)
    {
        _store!.Fault.After = _store.Fault.Before = static () => raw.SQLITE_OK;
        return code;
    }
}
