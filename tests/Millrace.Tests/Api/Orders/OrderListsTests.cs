using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Api;
using Millrace.Api.Orders.Read;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.Domain;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Api.Orders;

/// <summary>Lists that a real database answers, as its own replica.</summary>
public sealed class OrderListsTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly OrderQuery OfAcme = new(Given.Acme, null, 10);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private string _database = null!;
    private ShardedStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.NewDatabaseAsync();
        _store = await ShardedStore.OpenAsync(new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = _database, PartitionCount = 4 } });
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task A_list_that_the_replica_will_never_answer_takes_it_from_nobody_else()
    {
        await using var replica = _store.OpenReplica(_database);
        var lists = Lists(replica.ListOrdersAsync);
        // The one character that PostgreSQL has none for.
        Assert.Null(await lists.FromReplicaAsync(OfAcme with { CustomerId = "a\0b" }, [], TestContext.Current.CancellationToken));
        Assert.True(lists.MayAskReplica);
        Assert.NotNull(await lists.FromReplicaAsync(OfAcme, [], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_replica_that_is_away_is_left_alone_for_a_while()
    {
        await using var replica = _store.OpenReplica("Host=127.0.0.1;Port=1;Database=m;Username=m");
        var lists = Lists(replica.ListOrdersAsync);
        Assert.Null(await lists.FromReplicaAsync(OfAcme, [], TestContext.Current.CancellationToken));
        Assert.False(lists.MayAskReplica);
    }

    private OrderLists Lists(ReplicaReader replica) =>
        new(_store, replica, new ApiMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<OrderLists>.Instance);
}
