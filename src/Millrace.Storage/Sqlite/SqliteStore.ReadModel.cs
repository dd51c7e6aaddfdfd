using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;
using Millrace.Storage.Sqlite.ReadModel;

namespace Millrace.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        lock (_checkpointing)
        {
            if (PlanCheckpoint(checkpoint) is not { } plan)
                return ValueTask.FromResult(false);
            // The journal goes on meanwhile: what is written here it has already.
            InTransaction(_readModel, session => CheckpointWriter.Write(session, checkpoint, plan));
            lock (_writing)
            {
                Head(checkpoint.Partition).CheckpointDone(plan.Mark);
                _scanFrom = plan.ScanFrom;
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation) =>
        _readers.ReadAsync(Head(partition).Partition, PartitionLoader.Load, cancellation);

    public async ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation) =>
        await _readers.ReadAsync(
            (Head(partition).Partition, take, cancellation),
            static (session, names) =>
            {
                foreach (var run in KeyRunReader.Runs(session, names.Partition))
                {
                    names.cancellation.ThrowIfCancellationRequested();
                    KeyRunReader.ReadRun(session, run, entry => names.take(entry.Key));
                }

                return true;
            },
            cancellation);

    public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation) =>
        _readers.ReadAsync(id, OrderRows.Find, cancellation);

    public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation) =>
        _readers.ReadAsync(
            (Head(partition).Partition, hash),
            static (session, name) => KeyRunReader.Find(session, name.Partition, name.hash),
            cancellation);

    public ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation)
    {
        query.Validate();
        return _lists.ReadAsync(
            (query, PartitionCount),
            static (session, page) => OrderLister.List(session, page.query, page.PartitionCount),
            cancellation);
    }

    public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return _lists.ReadAsync((tenant, most), AttentionLister.List, cancellation);
    }

    public ValueTask<IReadOnlyList<StockRow>> ListStockAsync(int partition, (TenantId Tenant, string Sku)? after, int limit, CancellationToken cancellation)
    {
        StockPageRules.RequireLimit(limit);
        return _readers.ReadAsync((Head(partition).Partition, after, limit), StockLister.List, cancellation);
    }

    public ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, CancellationToken cancellation)
    {
        StockPageRules.RequireLimit(limit);
        return _lists.ReadAsync((tenant, prefix, after, limit), StockLister.ListItems, cancellation);
    }

    private CheckpointPlan? PlanCheckpoint(PartitionCheckpoint checkpoint)
    {
        lock (_writing)
        {
            var head = Head(checkpoint.Partition);
            Ready();
            if (!head.Accepts(checkpoint.Epoch))
                return null;
            var mark = head.Find(checkpoint.Seq) ?? throw new ArgumentException(
                $"Sequence {checkpoint.Seq} of partition {head.Partition} is no durable batch's last.", nameof(checkpoint));
            mark = mark with { Position = (head.FirstPositionAfter(mark.Seq) ?? (_lastPosition + 1)) - 1 };
            return new CheckpointPlan(mark, ScanFrom(head.Partition, mark.Seq), _lastPosition);
        }
    }

    /// <summary>The first row that some partition's checkpoint does not cover, once this one is written. Idle partitions
    /// have none, so they do not hold it back. With a damaged partition it stays: what it needs is not known.</summary>
    private long ScanFrom(int partition, long seq)
    {
        var from = _lastPosition + 1;
        foreach (var head in _heads)
        {
            if (head.Damage is not null)
                return _scanFrom;
            var covered = head.Partition == partition ? seq : head.Checkpoint.Seq;
            from = Math.Min(from, head.FirstPositionAfter(covered) ?? from);
        }

        return from;
    }
}
