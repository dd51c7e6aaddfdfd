using Millrace.Storage.Sqlite;
using SQLitePCL;
using Xunit;

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

    [Fact]
    public async Task What_is_stored_is_its_owners_alone_to_read()
    {
        var folder = _folder["new"];
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder, PartitionCount = Partitions });
        var files = Directory.GetFiles(folder, "*.db*");
        Assert.True(files.Length >= 2);
        // Windows has no such modes.
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        foreach (var file in files)
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    private int Once(int code)
    {
        _store!.Fault.After = _store.Fault.Before = static () => raw.SQLITE_OK;
        return code;
    }
}
