using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>What every store promises, over two databases that share its partitions.</summary>
public sealed class ShardedStoreTests(PostgresFixture postgres) : StoreCompliance
{
    // Not those whose epochs the suite counts from the beginning: a move raises them.
    private static readonly int[] Moved = [1, 2, 5, 7];
    private ShardedStoreOptions? _options;
    private ShardedStore? _store;

    protected override IAsyncDisposable OpenStore() => _store = OpenAsync().GetAwaiter().GetResult();

    protected override void FailNextAppend(AppendFault fault)
    {
        foreach (var shard in _store!.Databases)
        {
            var commits = shard.Store.Fault;
            if (fault == AppendFault.AmbiguousDurable)
                commits.After = () => Throw(new AmbiguousCommitException("injected"));
            else
                commits.Before = () => Throw(fault == AppendFault.Unavailable ? new StoreUnavailableException("injected") : new AmbiguousCommitException("injected"));
        }
    }

    private async Task<ShardedStore> OpenAsync()
    {
        if (_options is not null)
            return await ShardedStore.OpenAsync(_options);
        _options = new ShardedStoreOptions
        {
            Home = new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), PartitionCount = Partitions },
            Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() },
        };
        await using (var store = await ShardedStore.OpenAsync(_options))
        {
            foreach (var partition in Moved)
                await store.MoveAsync(partition, "b", static _ => { }, CancellationToken.None);
        }

        return await ShardedStore.OpenAsync(_options);
    }

    private void Throw(Exception fault)
    {
        foreach (var shard in _store!.Databases)
            shard.Store.Fault.After = shard.Store.Fault.Before = static () => { };
        throw fault;
    }
}
