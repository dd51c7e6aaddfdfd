using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cli.Auditing;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Auditing;

/// <summary>Real partitions over a real SQLite store, and an auditor beside them with a clock of its own.</summary>
internal sealed class AuditedShop : IAsyncDisposable
{
    public const int Partitions = 4;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TemporaryFolder _folder = new();
    private readonly PartitionRuntime _runtime;
    private readonly PartitionRouter _router;
    private ulong _ids;

    private AuditedShop()
    {
        Store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder.Path, PartitionCount = Partitions });
        _runtime = new PartitionRuntime(
            Store, Store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(Meters),
            new PartitionRuntimeOptions { Lanes = 1, Partition = new PartitionOptions { CheckpointEvery = TimeSpan.FromMilliseconds(20) } },
            TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        _router = new PartitionRouter(_runtime);
    }

    public SqliteStore Store { get; }

    public AdjustedTime Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(50));

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public static async Task<AuditedShop> StartAsync()
    {
        var shop = new AuditedShop();
        for (var partition = 0; partition < Partitions; partition++)
            shop._runtime.Start(partition);
        await Eventually.Async(() => Task.FromResult(shop._runtime.IsReady), "all partitions serve");
        foreach (var sku in new[] { "tea", "cup", "pot" })
        {
            await shop._router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, sku, sku, 1_000, "EUR", 0), sku, null));
            await shop._router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, sku, "main", 500, "receipt", NameHash.ChangeKey(Given.Acme, "stock", sku)), sku, null));
        }

        await Eventually.Async(async () =>
        {
            var items = 0;
            for (var partition = 0; partition < Partitions; partition++)
                items += (await shop.Store.ListStockAsync(partition, null, 10, CancellationToken.None)).Count(item => StockEventCodec.ReadItem(item.Tenant, item.Sku, item.Document.Span).Version == 2);
            return items == 3;
        }, "the store shows the items");
        return shop;
    }

    public Auditor NewAuditor(int rate = Auditor.DefaultRowsPerSecond, IReadModel? orders = null, Func<int, bool>? isHere = null, Func<long>? refused = null)
    {
        var auditor = new Auditor(
            rate, new AuditedNode(orders ?? Store, Store, Partitions, isHere ?? _runtime.IsHere, () => refused?.Invoke() ?? 0), new AuditorMetrics(Meters), Time, NullLogger<Auditor>.Instance);
        _runtime.OrderChanged += auditor.Changed;
        return auditor;
    }

    /// <summary>Turns until one more sweep has seen everything.</summary>
    public async Task SweepAsync(Auditor auditor)
    {
        Time.Advance(Auditor.BetweenSweeps);
        var before = auditor.Read().LastSweep;
        for (var turns = 0; auditor.Read().LastSweep == before; turns++)
        {
            Assert.True(turns < 100, "The sweep does not come round.");
            Time.Advance(await auditor.TurnAsync(CancellationToken.None));
        }
    }

    public async Task<OrderId> PlaceAsync(string key, params LineItem[] lines)
    {
        var placement = Given.Keyed(key, lines);
        var reply = await _router.SendAsync(new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, _runtime.Map.OwnerOfName(placement.KeyHash), ++_ids), placement, Given.Shop));
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
        return reply.Order!.Id;
    }

    public async Task<Order> SettledAsync(OrderId id) => (await _router.SendAsync(new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue))).Order!;

    public async Task ChangeAsync(OrderId id, OrderCommand command) =>
        await _router.SendAsync(new PartitionRequest.ChangeOrder(id, Given.Acme, command, Given.Shop, null, null));

    /// <summary>The order's row, once the store shows what was decided.</summary>
    public Task<OrderRow> RowAsync(OrderId id, OrderStatus status) => Eventually.AsyncOf(
        async () => await Store.FindOrderAsync(id, CancellationToken.None) ?? default, row => row.Status == status, $"the store shows the order as {status}");

    /// <summary>Nobody owns a partition any more; the store stays open.</summary>
    public async Task StopAsync()
    {
        for (var partition = 0; partition < Partitions; partition++)
            await _runtime.StopAsync(partition);
    }

    /// <summary>Writes rows as an owner would, whatever they say: the store itself finds nothing wrong with them.</summary>
    public async Task ForgeAsync(int partition, OrderRow[]? orders = null, StockRow[]? stock = null)
    {
        await _runtime.StopAsync(partition);
        var claim = await Store.ClaimAsync(partition, "forger", CancellationToken.None);
        var state = (await Store.LoadPartitionAsync(partition, CancellationToken.None)).State;
        Assert.True(await Store.CheckpointAsync(new PartitionCheckpoint(partition, claim.Epoch, claim.Seq, state, orders ?? [], stock ?? [], [])));
    }

    public async ValueTask DisposeAsync()
    {
        _runtime.Dispose();
        await Store.DisposeAsync();
        await _services.DisposeAsync();
        _folder.Dispose();
    }
}
