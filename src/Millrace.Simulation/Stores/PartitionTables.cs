using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;

namespace Millrace.Simulation.Stores;

/// <summary>One partition's rows in the simulated database.</summary>
internal sealed class PartitionTables
{
    public long Epoch { get; set; }

    /// <summary>Visible on the primary; the last ones may not be on the standby yet.</summary>
    public List<StoredBatch> Batches { get; } = [];

    public long CheckpointSeq { get; set; }

    public ReadOnlyMemory<byte> State { get; set; }

    public Dictionary<OrderId, OrderRow> Orders { get; } = [];

    public Dictionary<(TenantId Tenant, string Sku), StockRow> Stock { get; } = [];

    public Dictionary<UInt128, OrderId> Names { get; } = [];

    public long Seq => Batches.Count == 0 ? 0 : Batches[^1].Batch.LastSeq;

    public UInt128 Chain => Batches.Count == 0 ? UInt128.Zero : Batches[^1].Batch.Chain;

    /// <summary>The compare-and-set on which safety rests.</summary>
    public bool Accepts(PartitionBatch batch) =>
        batch.Epoch == Epoch && batch.FirstSeq == Seq + 1 && batch.PreviousChain == Chain;

    public void Store(PartitionCheckpoint checkpoint)
    {
        // One that was under way for long, overtaken by its own repeat and the next, must not take the partition back.
        if (checkpoint.Seq < CheckpointSeq)
            return;
        CheckpointSeq = checkpoint.Seq;
        State = checkpoint.State;
        foreach (var row in checkpoint.Orders)
            Orders[row.Id] = row;
        foreach (var row in checkpoint.Stock)
            Stock[(row.Tenant, row.Sku)] = row;
        foreach (var name in checkpoint.Names)
            Names.TryAdd(name.Hash, name.Order);
    }

    public KeyFilter NamesFilter()
    {
        var filter = new KeyFilter();
        foreach (var hash in Names.Keys)
            filter.Add(hash);
        return filter;
    }

    public PartitionSnapshot Snapshot() => new(
        CheckpointSeq, State, [.. Stock.Values],
        [.. Orders.Values.Where(row => row.DueAtUnixMs is not null).OrderBy(row => row.DueAtUnixMs)]);
}
