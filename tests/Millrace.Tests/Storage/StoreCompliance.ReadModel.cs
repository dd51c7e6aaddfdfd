using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Xunit;

namespace Millrace.Tests.Storage;

public abstract partial class StoreCompliance
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly TenantId Other = TenantId.Parse("other");

    [Fact]
    public async Task A_new_partition_loads_empty()
    {
        var snapshot = await ReadModel.LoadPartitionAsync(5, CancellationToken.None);
        Assert.Equal(0, snapshot.Seq);
        Assert.True(snapshot.State.IsEmpty);
        Assert.Empty(snapshot.Stock);
        Assert.Empty(await NamesAsync(5));
        Assert.Empty(snapshot.DueOrders);
        Assert.Null(await ReadModel.FindOrderAsync(OrderId.Create(1, 5, 1), CancellationToken.None));
        Assert.Null(await ReadModel.FindNameAsync(5, 1, CancellationToken.None));
    }

    [Fact]
    public async Task A_checkpoint_reads_back_and_survives_a_restart()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 2);
        await AppendOneAsync(log.Next(records: 3));
        var bare = Order(1, 2, 1);
        var full = Order(2, 2, 2) with { CustomerId = "", Attention = "zu prüfen", DueAtUnixMs = -5, Status = OrderStatus.Rejected };
        Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log) with
        {
            State = new byte[] { 9, 8 },
            Orders = [full, bare],
            Stock = [new StockRow(Acme, "sku-ä", new byte[] { 1 }), new StockRow(Other, "sku-ä", new byte[] { 2 })],
            Names = [new NameRow(UInt128.MaxValue, bare.Id), new NameRow(7, full.Id)],
        }));

        for (var opening = 0; opening < 2; opening++)
        {
            var snapshot = await ReadModel.LoadPartitionAsync(2, CancellationToken.None);
            Assert.Equal(3, snapshot.Seq);
            Assert.Equal([9, 8], snapshot.State.ToArray());
            Assert.Equal(["acme sku-ä 1", "other sku-ä 2"], snapshot.Stock.Select(row => $"{row.Tenant} {row.Sku} {row.Document.Span[0]}"));
            Assert.Equal([7, UInt128.MaxValue], await NamesAsync(2));
            Same([full], snapshot.DueOrders);
            Same([bare], [(await ReadModel.FindOrderAsync(bare.Id, CancellationToken.None))!.Value]);
            Assert.Equal(bare.Id, await ReadModel.FindNameAsync(2, UInt128.MaxValue, CancellationToken.None));
            Assert.Null(await ReadModel.FindNameAsync(3, 7, CancellationToken.None));
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task A_later_checkpoint_replaces_orders_stock_and_state_but_a_name_keeps_its_order()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 2);
        await AppendOneAsync(log.Next());
        var order = Order(1, 2, 1) with { DueAtUnixMs = 5, Attention = "late", CustomerId = "c" };
        await ReadModel.CheckpointAsync(Checkpoint(log) with
        {
            Orders = [order],
            Stock = [new StockRow(Acme, "a", new byte[] { 1 }), new StockRow(Acme, "b", new byte[] { 1 })],
            Names = [new NameRow(7, order.Id)],
        });
        await AppendOneAsync(log.Next());
        var changed = order with { DueAtUnixMs = null, Attention = null, Status = OrderStatus.Confirmed, Version = 9, Document = new byte[3000] };
        await ReadModel.CheckpointAsync(Checkpoint(log) with
        {
            State = new byte[] { 4 },
            Orders = [changed],
            Stock = [new StockRow(Acme, "b", new byte[] { 2 })],
            Names = [new NameRow(7, Order(2, 2, 2).Id)],
        });

        var snapshot = await ReadModel.LoadPartitionAsync(2, CancellationToken.None);
        Assert.Equal(2, snapshot.Seq);
        Assert.Equal([4], snapshot.State.ToArray());
        Assert.Equal([1, 2], snapshot.Stock.Select(row => (int)row.Document.Span[0]));
        Assert.Empty(snapshot.DueOrders);
        Same([changed], [(await ReadModel.FindOrderAsync(order.Id, CancellationToken.None))!.Value]);
        Assert.Equal(order.Id, await ReadModel.FindNameAsync(2, 7, CancellationToken.None));
    }

    [Fact]
    public async Task Due_orders_come_soonest_first()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        await AppendOneAsync(log.Next());
        long?[] dues = [30, null, 10, 20];
        await ReadModel.CheckpointAsync(Checkpoint(log) with
        {
            Orders = [.. dues.Select((due, i) => Order(100 + i, 0, (ulong)i) with { DueAtUnixMs = due })],
        });

        var snapshot = await ReadModel.LoadPartitionAsync(0, CancellationToken.None);
        Assert.Equal([10, 20, 30], snapshot.DueOrders.Select(order => order.DueAtUnixMs));
    }

    [Fact]
    public async Task A_checkpoint_by_a_former_owner_writes_nothing()
    {
        var stale = await PartitionLog.ClaimAsync(Journal, 0);
        await AppendOneAsync(stale.Next());
        await PartitionLog.ClaimAsync(Journal, 0);
        var order = Order(1, 0, 1);

        Assert.False(await ReadModel.CheckpointAsync(Checkpoint(stale) with { Orders = [order] }));
        Assert.Null(await ReadModel.FindOrderAsync(order.Id, CancellationToken.None));
        Assert.Equal(0, (await ReadModel.LoadPartitionAsync(0, CancellationToken.None)).Seq);
    }

    [Fact]
    public async Task A_checkpoint_may_not_run_ahead_of_the_journal()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        await AppendOneAsync(log.Next());
        var ahead = Checkpoint(log) with { Seq = 2, Orders = [Order(1, 0, 1)] };

        await Assert.ThrowsAsync<ArgumentException>(async () => await ReadModel.CheckpointAsync(ahead));
        Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log)));
    }

    [Fact]
    public async Task The_tail_after_a_checkpoint_reads_from_where_it_ends()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        var idle = await PartitionLog.ClaimAsync(Journal, 1);
        await AppendOneAsync(idle.Next());
        await ReadModel.CheckpointAsync(Checkpoint(idle));
        var before = log.Next(records: 4);
        await AppendOneAsync(before);
        var checkpoint = Checkpoint(log);
        PartitionBatch[] tail = [log.Next(), log.Next(records: 2)];
        await Journal.AppendAsync(tail);
        Assert.True(await ReadModel.CheckpointAsync(checkpoint));
        JournalAssertions.Same(tail, await Journal.ReadAllOfAsync(0, checkpoint.Seq));

        await ReopenAsync();
        var claim = await PartitionLog.ClaimAsync(Journal, 0);
        Assert.Equal((log.Seq, log.Chain), (claim.Seq, claim.Chain));
        JournalAssertions.Same(tail, await Journal.ReadAllOfAsync(0, checkpoint.Seq));
        JournalAssertions.Same([before, .. tail], await Journal.ReadAllOfAsync(0));
        var idleAgain = await PartitionLog.ClaimAsync(Journal, 1);
        Assert.Equal((idle.Seq, idle.Chain), (idleAgain.Seq, idleAgain.Chain));
        Assert.Empty(await Journal.ReadAllOfAsync(1, idle.Seq));
        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(idleAgain.Next()));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1_000)]
    public async Task Items_come_in_pages_each_once_and_of_one_partition(int limit)
    {
        foreach (var partition in new[] { 2, 3 })
        {
            var log = await PartitionLog.ClaimAsync(Journal, partition);
            await AppendOneAsync(log.Next());
            StockRow[] rows = [.. from tenant in new[] { Acme, Other } from sku in new[] { "a", "B", "ä", "a-1", "z" } select new StockRow(tenant, sku, new[] { (byte)partition })];
            Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log) with { Stock = rows[..(partition * 3)] }));
        }

        var listed = new List<StockRow>();
        for (IReadOnlyList<StockRow>? page = null; page is null || page.Count == limit; listed.AddRange(page))
        {
            page = await StockPages.ListStockAsync(2, listed.Count == 0 ? null : (listed[^1].Tenant, listed[^1].Sku), limit, CancellationToken.None);
            Assert.True(page.Count <= limit);
        }

        Assert.All(listed, row => Assert.Equal([2], row.Document.ToArray()));
        Assert.Equal(["acme B", "acme a", "acme a-1", "acme z", "acme ä", "other a"], listed.Select(row => $"{row.Tenant} {row.Sku}").Order(StringComparer.Ordinal));
        Assert.Empty(await StockPages.ListStockAsync(5, null, limit, CancellationToken.None));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await StockPages.ListStockAsync(2, null, 1_001, CancellationToken.None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1_000)]
    public async Task A_tenants_items_are_listed_by_sku_over_all_partitions(int limit)
    {
        foreach (var (partition, skus) in new[] { (1, new[] { "b", "A-1", "a/2", "Z" }), (6, ["a", "A", "A-", "a b", "~"]) })
        {
            var log = await PartitionLog.ClaimAsync(Journal, partition);
            await AppendOneAsync(log.Next());
            Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log) with
            {
                Stock = [.. skus.Select(sku => new StockRow(Acme, sku, new[] { (byte)partition })), new StockRow(TenantId.Parse("other"), "A-1", new byte[] { 9 })],
            }));
        }

        Assert.Equal(["A", "A-", "A-1", "Z", "a", "a b", "a/2", "b", "~"], await ListAsync(""));
        Assert.Equal(["A", "A-", "A-1"], await ListAsync("A"));
        Assert.Equal(["a b"], await ListAsync("a "));
        Assert.Empty(await ListAsync("B"));

        async Task<List<string>> ListAsync(string prefix)
        {
            var listed = new List<StockRow>();
            for (IReadOnlyList<StockRow>? page = null; page is null || page.Count == limit; listed.AddRange(page))
            {
                page = await StockPages.ListItemsAsync(Acme, prefix, listed.Count == 0 ? null : listed[^1].Sku, limit, CancellationToken.None);
                Assert.True(page.Count <= limit);
            }

            Assert.All(listed, row => Assert.Equal((Acme, true), (row.Tenant, row.Document.Span[0] is 1 or 6)));
            return [.. listed.Select(row => row.Sku)];
        }
    }

    private static PartitionCheckpoint Checkpoint(PartitionLog log) =>
        new(log.Partition, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty, [], [], []);

    private static OrderRow Order(long createdMs, int partition, ulong random) => new(
        OrderId.Create(createdMs, partition, random), Acme, OrderStatus.Pending, 1, null, null, null, new byte[] { 1, 2, (byte)random });

    private static void Same(IEnumerable<OrderRow> expected, IEnumerable<OrderRow> actual) =>
        Assert.Equal(expected.Select(Text), actual.Select(Text));

    private static string Text(OrderRow row) =>
        $"{row with { Document = default }} {row.CustomerId is null} {Convert.ToHexString(row.Document.Span)}";
}
