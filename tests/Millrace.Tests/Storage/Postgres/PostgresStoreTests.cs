using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;

namespace Millrace.Tests.Storage.Postgres;

public sealed class PostgresStoreTests(PostgresFixture postgres) : StoreCompliance
{
    private string? _database;
    private PostgresStore? _store;

    protected override IAsyncDisposable OpenStore()
    {
        _database ??= postgres.NewDatabaseAsync().GetAwaiter().GetResult();
        return _store = PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = _database, PartitionCount = Partitions }).GetAwaiter().GetResult();
    }

    protected override void FailNextAppend(AppendFault fault)
    {
        if (fault == AppendFault.AmbiguousDurable)
            _store!.Fault.After = () => Throw(new AmbiguousCommitException("injected"));
        else
            _store!.Fault.Before = () => Throw(fault == AppendFault.Unavailable ? new StoreUnavailableException("injected") : new AmbiguousCommitException("injected"));
    }

    private void Throw(Exception fault)
    {
        _store!.Fault.After = _store.Fault.Before = static () => { };
        throw fault;
    }
}
