using Millrace.Cli.Auditing;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Auditing;

public sealed class AuditorTests
{
    [Fact]
    public async Task A_row_that_the_store_takes_for_whole_and_no_order_is_like_is_found_within_one_sweep_and_told_once()
    {
        await using var shop = await AuditedShop.StartAsync();
        var ids = new List<OrderId>();
        for (var i = 0; i < 20; i++)
            ids.Add(await shop.PlaceAsync($"k{i}"));
        foreach (var id in ids)
            Assert.Equal(OrderStatus.Confirmed, (await shop.SettledAsync(id)).Status);
        foreach (var id in ids)
            await shop.RowAsync(id, OrderStatus.Confirmed);
        var auditor = shop.NewAuditor(rate: 7, isHere: _ => true);
        await shop.SweepAsync(auditor);
        Assert.Equal((0, 20, 3), (auditor.Read().Violations, auditor.Read().LastSweep!.Orders, auditor.Read().LastSweep!.Items));

        var row = await shop.RowAsync(ids[3], OrderStatus.Confirmed);
        await shop.ForgeAsync(row.Id.Partition, [row with { Status = OrderStatus.Canceled }]);
        await shop.SweepAsync(auditor);
        await shop.SweepAsync(auditor);
        var finding = Assert.Single(auditor.Read().Findings);
        Assert.Equal((19, row.Id.ToString(), 1), (finding.Invariant, finding.Subject, auditor.Read().Violations));
        Assert.Equal("the read model is the fold of the journal", finding.Promise);
    }

    [Fact]
    public async Task A_healthy_store_that_is_traded_with_gives_no_alarm()
    {
        await using var shop = await AuditedShop.StartAsync();
        var auditor = shop.NewAuditor(rate: 50);
        using var enough = new CancellationTokenSource();
        var trade = Task.Run(() => TradeAsync(shop, enough.Token));
        for (var sweeps = 0; sweeps < 12 || auditor.Read().ChangedOrders < 50; sweeps++)
            await shop.SweepAsync(auditor);
        await enough.CancelAsync();
        var placed = await trade;
        await shop.SweepAsync(auditor);
        Assert.Empty(auditor.Read().Findings);
        Assert.Equal(AuditedShop.Partitions, auditor.Read().LastSweep!.Partitions);
        Assert.InRange(auditor.Read().LastSweep!.Orders, placed / 2, placed);
    }

    [Fact]
    public async Task A_changed_order_is_looked_at_before_the_sweep_comes_by()
    {
        await using var shop = await AuditedShop.StartAsync();
        var auditor = shop.NewAuditor();
        await shop.SweepAsync(auditor);
        var id = await shop.PlaceAsync("k");
        await shop.SettledAsync(id);
        await shop.RowAsync(id, OrderStatus.Confirmed);
        await auditor.TurnAsync(CancellationToken.None);
        Assert.Equal(0, auditor.Read().ChangedOrders);
        await Eventually.Async(async () =>
        {
            shop.Time.Advance(ChangedOrders.LookAfter);
            await auditor.TurnAsync(CancellationToken.None);
            return auditor.Read().ChangedOrders > 0;
        }, "it is looked at again");
    }

    [Fact]
    public async Task A_clock_that_is_set_back_keeps_no_sweep_waiting()
    {
        await using var shop = await AuditedShop.StartAsync();
        var auditor = shop.NewAuditor();
        await shop.SweepAsync(auditor);
        shop.Time.SetBack(TimeSpan.FromDays(1));
        await shop.SweepAsync(auditor);
        Assert.Equal(3, auditor.Read().LastSweep!.Items);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    [InlineData(1_000)]
    public async Task No_more_rows_are_read_in_a_second_than_it_may(int rate)
    {
        await using var shop = await AuditedShop.StartAsync();
        for (var i = 0; i < 40; i++)
            await shop.SettledAsync(await shop.PlaceAsync($"k{i}"));
        var reads = new WatchedReads(shop.Store);
        var auditor = shop.NewAuditor(rate, orders: reads);
        var (began, turns) = (shop.Time.GetUtcNow(), 0);
        do
        {
            shop.Time.Advance(await auditor.TurnAsync(CancellationToken.None));
            turns++;
            Assert.True(reads.Rows <= rate * (shop.Time.GetUtcNow() - began).TotalSeconds + 1e-6, $"{reads.Rows} rows in {shop.Time.GetUtcNow() - began}");
        }
        while (turns < 60);

        Assert.InRange(reads.MostAtOnce, 1, Math.Min(rate, Auditor.PageRows));
    }

    [Fact]
    public async Task It_ends_at_once_though_the_store_does_not_answer()
    {
        await using var shop = await AuditedShop.StartAsync();
        var reads = new WatchedReads(shop.Store) { HangsUp = true };
        var auditor = shop.NewAuditor(orders: reads);
        await auditor.StartAsync(CancellationToken.None);
        await Eventually.Async(() =>
        {
            shop.Time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(reads.Asked.IsCompleted);
        }, "it has asked the store");
        await auditor.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, auditor.Read().TurnsSkipped);
    }

    [Fact]
    public async Task It_leaves_a_node_alone_that_refuses_requests_and_a_store_that_is_slow_or_away()
    {
        await using var shop = await AuditedShop.StartAsync();
        await shop.SettledAsync(await shop.PlaceAsync("k"));
        var (reads, refused) = (new WatchedReads(shop.Store), 0L);
        var auditor = shop.NewAuditor(orders: reads, refused: () => refused);
        refused = 5;
        Assert.Equal(TimeSpan.FromSeconds(1), await auditor.TurnAsync(CancellationToken.None));
        Assert.Equal((0, 1), (reads.Pages, auditor.Read().TurnsSkipped));

        reads.BeforeRead = () => shop.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(18), await auditor.TurnAsync(CancellationToken.None));
        Assert.Equal((1, 2), (reads.Pages, auditor.Read().TurnsSkipped));

        shop.Time.Advance(Auditor.BetweenSweeps);
        reads.BeforeRead = () => throw new StoreUnavailableException("away");
        Assert.Equal(TimeSpan.FromSeconds(10), await auditor.TurnAsync(CancellationToken.None));
        Assert.Equal(3, auditor.Read().TurnsSkipped);
        Assert.Empty(auditor.Read().Findings);
    }

    [Fact]
    public async Task A_sweep_that_cannot_read_everything_is_a_finding_and_no_whole_one()
    {
        await using var shop = await AuditedShop.StartAsync();
        var reads = new WatchedReads(shop.Store) { BeforeRead = () => throw new InvalidDataException("damaged") };
        var auditor = shop.NewAuditor(orders: reads);
        for (var sweeps = 0; sweeps < 2; sweeps++)
        {
            shop.Time.Advance(Auditor.BetweenSweeps);
            await auditor.TurnAsync(CancellationToken.None);
            // Its page was lost; the items come with the next turn.
            await auditor.TurnAsync(CancellationToken.None);
        }

        Assert.Null(auditor.Read().LastSweep);
        Assert.Equal(("orders", 19), (Assert.Single(auditor.Read().Findings).Subject, auditor.Read().Findings[0].Invariant));
        reads.BeforeRead = null;
        await shop.SweepAsync(auditor);
        Assert.Equal(3, auditor.Read().LastSweep!.Items);
    }

    [Fact]
    public async Task Another_nodes_rows_are_left_to_it_and_a_node_without_partitions_or_with_the_rate_0_looks_at_nothing()
    {
        await using var shop = await AuditedShop.StartAsync();
        var id = await shop.PlaceAsync("k");
        await shop.SettledAsync(id);
        var row = await shop.RowAsync(id, OrderStatus.Confirmed);
        await shop.ForgeAsync(id.Partition, [row with { Version = 1 }]);
        var other = shop.NewAuditor(isHere: partition => partition != id.Partition);
        await shop.SweepAsync(other);
        Assert.Equal((0, 3), (other.Read().Violations, other.Read().LastSweep!.Partitions));

        var drained = shop.NewAuditor(isHere: _ => false);
        await drained.TurnAsync(CancellationToken.None);
        Assert.Null(drained.Read().Sweep);
        var off = shop.NewAuditor(rate: 0);
        await off.StartAsync(CancellationToken.None);
        await off.ExecuteTask!;
        Assert.Equal(0, off.Read().Orders);
    }

    // Confirmed, sold out, canceled, held and released, shipped and completed, refunded.
    private static async Task<int> TradeAsync(AuditedShop shop, CancellationToken enough)
    {
        var placed = 0;
        while (!enough.IsCancellationRequested)
        {
            var id = await shop.PlaceAsync($"k{placed}", placed % 5 == 0 ? [Given.Line("tea", 400), Given.Line("cup", 1)] : [Given.Line("tea", 1), Given.Line("pot", 2)]);
            placed++;
            if (placed % 3 == 0)
                await shop.ChangeAsync(id, new OrderCommand.Cancel("changed mind"));
            if ((await shop.SettledAsync(id)).Status != OrderStatus.Confirmed)
                continue;
            switch (placed % 4)
            {
                case 0:
                    await shop.ChangeAsync(id, new OrderCommand.Ship("post", "T1"));
                    await shop.ChangeAsync(id, new OrderCommand.Deliver());
                    break;
                case 1:
                    await shop.ChangeAsync(id, new OrderCommand.Cancel("late"));
                    break;
            }
        }

        return placed;
    }

    /// <summary>The store's orders, and how they are asked for.</summary>
    private sealed class WatchedReads(IReadModel store) : IReadModel
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HangsUp { get; init; }

        public Action? BeforeRead { get; set; }

        public int Pages { get; private set; }

        public int Rows { get; private set; }

        public int MostAtOnce { get; private set; }

        public Task Asked => _asked.Task;

        public async ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation)
        {
            _asked.TrySetResult();
            if (HangsUp)
                await Task.Delay(Timeout.Infinite, cancellation);
            BeforeRead?.Invoke();
            var page = await store.ListOrdersAsync(query, cancellation);
            (Pages, Rows, MostAtOnce) = (Pages + 1, Rows + page.Rows.Count, Math.Max(MostAtOnce, page.Rows.Count));
            return page;
        }

        public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation)
        {
            Rows++;
            return store.FindOrderAsync(id, cancellation);
        }

        public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint) => store.CheckpointAsync(checkpoint);

        public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation) => store.ListAttentionAsync(tenant, most, cancellation);

        public ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation) => store.ReadNamesAsync(partition, take, cancellation);

        public ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation) => store.LoadPartitionAsync(partition, cancellation);

        public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation) => store.FindNameAsync(partition, hash, cancellation);
    }
}
