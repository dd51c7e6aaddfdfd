using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.ReadModel;
using Xunit;

namespace Millrace.Tests.Storage;

public abstract partial class StoreCompliance
{
    public static TheoryData<OrderQuery> Queries =>
    [
        new OrderQuery(null, null, 7),
        new OrderQuery(null, null, 1000),
        new OrderQuery(Acme, null, 10),
        new OrderQuery(Acme, null, 10, ScanLimit: 6),
        new OrderQuery(null, null, 10, Status: OrderStatus.Confirmed),
        new OrderQuery(Other, null, 3, CustomerId: "c1"),
        new OrderQuery(null, null, 5, CustomerId: "c2"),
        new OrderQuery(Acme, null, 5, NeedsAttention: true),
        new OrderQuery(null, null, 2, NeedsAttention: true, Status: OrderStatus.Pending),
        new OrderQuery(Acme, null, 5, NeedsAttention: true, AttentionCode: "late"),
        new OrderQuery(Acme, null, 3, ScanLimit: 4, NeedsAttention: true, AttentionCode: "odd", Status: OrderStatus.Pending),
        new OrderQuery(null, null, 4, NeedsAttention: true, AttentionCode: "odd", CreatedAfterUnixMs: 1_020),
        new OrderQuery(null, null, 9, CreatedAfterUnixMs: 1_050),
        new OrderQuery(Acme, null, 4, CustomerId: "c0", Status: OrderStatus.Completed, CreatedAfterUnixMs: 1_020),
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task A_list_pages_through_all_partitions_newest_first_without_a_gap_or_a_repeat(OrderQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var orders = await WriteManyOrdersAsync();
        var expected = orders.Where(row => IsAnswer(query, row)).OrderByDescending(row => row.Id).ToList();
        Assert.NotEmpty(expected);

        var listed = new List<OrderRow>();
        for (OrderId? before = null; ;)
        {
            var page = await ReadModel.ListOrdersAsync(query with { Before = before }, CancellationToken.None);
            Assert.True(page.Rows.Count <= query.Limit);
            listed.AddRange(page.Rows);
            if (page.Next is null)
                break;
            Assert.True(before is null || page.Next < before);
            before = page.Next;
        }

        Same(expected, listed);
    }

    [Fact]
    public async Task A_page_that_ends_the_list_has_no_cursor()
    {
        var orders = await WriteManyOrdersAsync();
        var page = await ReadModel.ListOrdersAsync(new OrderQuery(null, null, orders.Count), CancellationToken.None);
        Assert.Equal(orders.Count, page.Rows.Count);
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task Those_that_wait_for_a_person_are_counted_by_reason_within_bounds()
    {
        Assert.Empty(await ReadModel.ListAttentionAsync(Acme, 10, CancellationToken.None));
        var orders = await WriteManyOrdersAsync();
        foreach (var (tenant, most) in new[] { (Acme, 1_000), (Other, 1_000), (Acme, 7), (Acme, 1) })
        {
            var expected = orders.Where(row => row.Tenant == tenant && row.Attention is not null).GroupBy(row => row.Attention!)
                .Select(group => new AttentionGroup(group.Key, Math.Min(most, group.Count()), group.Min(row => row.Id), group.Max(row => row.Id))).OrderBy(group => group.Code, StringComparer.Ordinal);
            Assert.Equal(expected, await ReadModel.ListAttentionAsync(tenant, most, CancellationToken.None));
        }

        Assert.Equal(["late", "odd"], (await ReadModel.ListAttentionAsync(Acme, 1, CancellationToken.None)).Select(group => group.Code));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ReadModel.ListAttentionAsync(Acme, 0, CancellationToken.None));
    }

    [Fact]
    public async Task Names_and_customers_of_many_checkpoints_are_all_found()
    {
        var random = new Random(7);
        var log = await PartitionLog.ClaimAsync(Journal, 3);
        var names = new Dictionary<UInt128, OrderId>();
        var orders = new Dictionary<OrderId, OrderRow>();
        for (var i = 0; i < 90; i++)
        {
            await AppendOneAsync(log.Next());
            var placed = Enumerable.Range(0, i == 40 ? 700 : random.Next(4)).Select(n => OrderId.Create(1_000 + i, 3, (ulong)random.NextInt64()))
                .Select(id => new OrderRow(id, Acme, OrderStatus.Pending, 1, $"c{random.Next(2)}", null, null, new byte[] { 1 })).ToList();
            // Some of those before change, and so are checkpointed once more.
            var changed = orders.Values.Where(_ => random.Next(5) == 0).Select(row => row with { Version = row.Version + 1 }).ToList();
            var given = placed.ConvertAll(row => new NameRow(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()), row.Id));
            Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log) with { Orders = [.. placed, .. changed], Names = given }));
            foreach (var row in placed.Concat(changed))
                orders[row.Id] = row;
            foreach (var name in given)
                names.Add(name.Hash, name.Order);
        }

        foreach (var (hash, id) in names)
        {
            Assert.Equal(id, await ReadModel.FindNameAsync(3, hash, CancellationToken.None));
            Assert.Null(await ReadModel.FindNameAsync(3, hash + 1, CancellationToken.None));
            Assert.Null(await ReadModel.FindNameAsync(4, hash, CancellationToken.None));
        }

        Assert.Equal(names.Keys.Order(), await NamesAsync(3));
        Assert.Empty(await NamesAsync(4));
        var listed = new List<OrderRow>();
        for (OrderId? before = null; ;)
        {
            var page = await ReadModel.ListOrdersAsync(new OrderQuery(Acme, before, 37, CustomerId: "c1"), CancellationToken.None);
            listed.AddRange(page.Rows);
            if (page.Next is null)
                break;
            before = page.Next;
        }

        Same(orders.Values.Where(row => row.CustomerId == "c1").OrderByDescending(row => row.Id), listed);
    }

    private async Task<IEnumerable<UInt128>> NamesAsync(int partition)
    {
        var names = new List<UInt128>();
        await ReadModel.ReadNamesAsync(partition, names.Add, CancellationToken.None);
        return names.Order();
    }

    private static bool IsAnswer(OrderQuery query, OrderRow row) =>
        (query.Tenant is null || query.Tenant == row.Tenant)
        && (query.Status is null || query.Status == row.Status)
        && (query.CustomerId is null || query.CustomerId == row.CustomerId)
        && (!query.NeedsAttention || row.Attention is not null)
        && (query.AttentionCode is null || query.AttentionCode == row.Attention)
        && (query.CreatedAfterUnixMs is null || row.Id.CreatedAtUnixMs >= query.CreatedAfterUnixMs);

    private async Task<List<OrderRow>> WriteManyOrdersAsync()
    {
        var random = new Random(20);
        var orders = Enumerable.Range(0, 400).Select(i => new OrderRow(
            OrderId.Create(1_000 + i / 4, random.Next(Partitions), (ulong)random.NextInt64()),
            random.Next(3) == 0 ? Other : Acme,
            (OrderStatus)random.Next(1, 7),
            1,
            random.Next(2) == 0 ? $"c{random.Next(3)}" : null,
            null,
            random.Next(6) switch { 0 => "late", 1 => "odd", _ => null },
            new byte[] { (byte)i })).ToList();
        foreach (var group in orders.GroupBy(order => order.Id.Partition))
        {
            var log = await PartitionLog.ClaimAsync(Journal, group.Key);
            Assert.True(await ReadModel.CheckpointAsync(Checkpoint(log) with { Orders = [.. group] }));
        }

        return orders;
    }
}
