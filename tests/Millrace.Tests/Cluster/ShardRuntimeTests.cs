using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cli.Children;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>One lane over two real servers, each with a partition.</summary>
public sealed class ShardRuntimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private PostgresServer _first = null!;
    private PostgresServer _second = null!;
    private ShardedStore _store = null!;
    private PartitionRuntime _runtime = null!;
    private PartitionRouter _router = null!;
    private string _home = "";
    private string _database = "";
    private ulong _ids;

    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        _first = await PostgresServer.StartAsync(null, cancellation);
        _second = await PostgresServer.StartAsync(null, cancellation);
        _home = await _first.CreateDatabaseAsync("home", cancellation);
        _database = await _second.CreateDatabaseAsync("b", cancellation);
        _store = await ShardedStore.OpenAsync(new ShardedStoreOptions
        {
            Home = new PostgresStoreOptions { ConnectionString = _home, PartitionCount = 2 },
            Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = _database },
        }, cancellation);
        await _store.MoveAsync(1, "b", static _ => { }, cancellation);
        var options = new PartitionRuntimeOptions { Lanes = 1, Partition = new PartitionOptions { CheckpointEvery = TimeSpan.FromMilliseconds(50) } };
        _runtime = new PartitionRuntime(
            _store, _store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
            options, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        _router = new PartitionRouter(_runtime);
        _runtime.Start(0);
        _runtime.Start(1);
        await Eventually.Async(() => Task.FromResult(_runtime.IsReady), "both partitions serve");
        foreach (var sku in new[] { Sku(0), Sku(1) })
            await _router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, sku, "Tea", 1_000, "EUR", 0), $"item-{sku}", null));
    }

    public async ValueTask DisposeAsync()
    {
        _runtime.Dispose();
        await _store.DisposeAsync();
        await _services.DisposeAsync();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Fact]
    public async Task A_database_that_is_slow_or_dead_holds_up_no_partition_of_another()
    {
        await using (var holder = new NpgsqlConnection(_database))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var hold = new NpgsqlCommand("SELECT 1 FROM partition_head, checkpoint FOR UPDATE", holder);
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var held = PlaceAsync(1);
            await RequireServedAsync();
            Assert.False(held.IsCompleted);
        }

        await _second.KillAsync();
        await RequireServedAsync();
        Assert.Equal(ReplyStatus.Unavailable, (await _router.SendAsync(new PartitionRequest.ReadItem(Given.Acme, Sku(1)))).Status);
        await RequireServedAsync();

        await _second.RunAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(async () => (await PlaceAsync(1)).Status == ReplyStatus.Accepted, "the other partition serves again");
    }

    [Fact]
    public async Task An_owner_follows_its_partition_to_another_database_and_back()
    {
        foreach (var target in new[] { "b", "home", "b" })
        {
            Assert.True((await _store.MoveAsync(0, target, static _ => { }, TestContext.Current.CancellationToken)).IsMoved);
            await Eventually.Async(async () => (await PlaceAsync(0)).Status == ReplyStatus.Accepted, "it serves from there");
            Assert.Equal(target == "b" ? 1 : 0, _store.WriterOf(0));
        }
    }

    [Fact]
    public async Task An_owner_whose_checkpoint_meets_the_fence_follows_too()
    {
        Task<MoveReport> moving;
        await using var home = NpgsqlDataSource.Create(_home);
        await using var isStored = home.CreateCommand("SELECT c.seq = h.seq FROM checkpoint c JOIN partition_head h USING (partition) WHERE partition = 0");
        await Eventually.Async(async () => await isStored.ExecuteScalarAsync(TestContext.Current.CancellationToken) is true, "no checkpoint is under way");
        await using (var holder = new NpgsqlConnection(_home))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var hold = new NpgsqlCommand("SELECT 1 FROM checkpoint WHERE partition = 0 FOR UPDATE", holder);
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            moving = _store.MoveAsync(0, "b", static _ => { }, TestContext.Current.CancellationToken);
            await UntilWaitingAsync("millrace move");
            // Behind the fence: it begins before the epoch is raised, and ends after.
            Assert.Equal(ReplyStatus.Accepted, (await PlaceAsync(0)).Status);
            await UntilWaitingAsync("millrace checkpoint");
        }

        Assert.True((await moving).IsMoved);
        await Eventually.Async(async () => (await PlaceAsync(0)).Status == ReplyStatus.Accepted, "it serves from there");
    }

    private Task UntilWaitingAsync(string who) => Eventually.Async(
        async () => await _first.ExecuteAsync(
            $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{who}' AND wait_event_type = 'Lock'", TestContext.Current.CancellationToken) is > 0L,
        $"'{who}' waits");

    // Reads that the store confirms, orders, and checkpoints.
    private async Task RequireServedAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.NotNull((await _router.SendAsync(new PartitionRequest.ReadItem(Given.Acme, Sku(0))).AsTask().WaitAsync(Patience)).Item);
            var reply = await PlaceAsync(0).WaitAsync(Patience);
            Assert.True(reply.Status == ReplyStatus.Accepted, $"{reply}");
        }

        await Eventually.Async(async () => (await _store.FindOrderAsync(OrderId.Create(Given.NowMs, 0, _ids), CancellationToken.None)) is not null, "a checkpoint shows the last order", Patience);
    }

    private Task<PartitionReply> PlaceAsync(int partition)
    {
        var id = OrderId.Create(Given.NowMs, partition, ++_ids);
        var key = Enumerable.Range(0, 100).Select(i => $"{_ids}-{i}").First(key => new PartitionMap(2).OwnerOfName(NameHash.PlaceKey(Given.Acme, key)) == partition);
        return _router.SendAsync(new PartitionRequest.PlaceOrder(id, Given.Keyed(key), Given.Shop)).AsTask();
    }

    private static string Sku(int partition) => Enumerable.Range(0, 100).Select(i => $"tea-{i}").First(sku => new PartitionMap(2).OwnerOfSku(Given.Acme, sku) == partition);
}
