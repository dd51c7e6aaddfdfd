using Millrace.Domain.Identity;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Checkers;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>The checkpoints of all partitions.</summary>
internal sealed class MemoryReadModel(int partitions)
{
    private readonly Store[] _stores = [.. Enumerable.Range(0, partitions).Select(_ => new Store())];

    private sealed class Store
    {
        public long Seq;
        public ReadOnlyMemory<byte> State;
        public readonly Dictionary<OrderId, OrderRow> Orders = [];
        public readonly Dictionary<(TenantId, string), StockRow> Stock = [];
        public readonly Dictionary<UInt128, OrderId> Names = [];
    }

    public int Checkpoints { get; private set; }

    public long SeqOf(int partition) => _stores[partition].Seq;

    public IEnumerable<OrderRow> OrdersOf(int partition) => _stores[partition].Orders.Values;

    public IEnumerable<StockRow> StockOf(int partition) => _stores[partition].Stock.Values;

    public void Write(PartitionCheckpoint checkpoint)
    {
        var store = _stores[checkpoint.Partition];
        Checkpoints++;
        Judge(checkpoint);
        (store.Seq, store.State) = (checkpoint.Seq, checkpoint.State);
        foreach (var row in checkpoint.Orders)
            store.Orders[row.Id] = row;
        foreach (var row in checkpoint.Stock)
            store.Stock[(row.Tenant, row.Sku)] = row;
        foreach (var row in checkpoint.Names)
            store.Names.TryAdd(row.Hash, row.Order);
    }

    // Every row of every checkpoint, as an auditor sees it while all goes on: none is a false alarm.
    private void Judge(PartitionCheckpoint checkpoint)
    {
        var report = new CheckReport();
        var checker = new RowChecker(partitions, report);
        foreach (var row in checkpoint.Orders)
            checker.Take(row);
        foreach (var row in checkpoint.Stock)
            checker.Take(checkpoint.Partition, row);
        Assert.Empty(report.Violations);
    }

    public KeyFilter Names(int partition)
    {
        var names = new KeyFilter();
        foreach (var hash in _stores[partition].Names.Keys)
            names.Add(hash);
        return names;
    }

    public PartitionSnapshot Load(int partition)
    {
        var store = _stores[partition];
        return new PartitionSnapshot(store.Seq, store.State, [.. store.Stock.Values],
            [.. store.Orders.Values.Where(o => o.DueAtUnixMs is not null).OrderBy(o => o.DueAtUnixMs)]);
    }

    public OrderRow? FindOrder(OrderId id) => _stores[id.Partition].Orders.TryGetValue(id, out var row) ? row : null;

    public OrderId? FindName(int partition, UInt128 hash) => _stores[partition].Names.TryGetValue(hash, out var id) ? id : null;
}
