using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;

namespace Millrace.Storage.Memory;

public sealed partial class MemoryStore
{
    public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        lock (disk.Gate)
        {
            var target = Partition(checkpoint.Partition);
            if (!target.Accepts(checkpoint.Epoch))
                return ValueTask.FromResult(false);
            RequireDurable(target, checkpoint);
            var fault = Before(MemoryWrite.Checkpoint);
            target.CheckpointSeq = checkpoint.Seq;
            target.State = checkpoint.State.ToArray();
            foreach (var order in checkpoint.Orders)
                disk.Orders[order.Id] = order with { Document = order.Document.ToArray() };
            foreach (var item in checkpoint.Stock)
                target.Stock[(item.Tenant.Value, item.Sku)] = item with { Document = item.Document.ToArray() };
            foreach (var name in checkpoint.Names)
                target.Names.TryAdd(name.Hash, name.Order);
            After(fault);
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation)
    {
        lock (disk.Gate)
        {
            RequireOpen();
            var source = Partition(partition);
            return ValueTask.FromResult(new PartitionSnapshot(
                source.CheckpointSeq,
                source.State,
                [.. source.Stock.Values],
                [.. disk.Orders.Values
                    .Where(order => order.Id.Partition == partition && order.DueAtUnixMs is not null)
                    .OrderBy(order => order.DueAtUnixMs)]));
        }
    }

    public ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation)
    {
        lock (disk.Gate)
        {
            RequireOpen();
            foreach (var hash in Partition(partition).Names.Keys)
                take(hash);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation)
    {
        lock (disk.Gate)
        {
            RequireOpen();
            return ValueTask.FromResult<OrderRow?>(disk.Orders.TryGetValue(id, out var row) ? row : null);
        }
    }

    public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation)
    {
        lock (disk.Gate)
        {
            RequireOpen();
            return ValueTask.FromResult<OrderId?>(Partition(partition).Names.TryGetValue(hash, out var id) ? id : null);
        }
    }

    public ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation)
    {
        query.Validate();
        lock (disk.Gate)
        {
            RequireOpen();
            var rows = new List<OrderRow>();
            var looked = 0;
            OrderId? last = null;
            foreach (var order in disk.Orders.Values.Reverse().SkipWhile(order => order.Id >= query.Before))
            {
                if (order.Id.CreatedAtUnixMs < query.CreatedAfterUnixMs)
                    break;
                if (rows.Count == query.Limit || looked++ == query.ScanLimit)
                    return ValueTask.FromResult(new OrderPage(rows, last));
                last = order.Id;
                if (query.Matches(order))
                    rows.Add(order);
            }

            return ValueTask.FromResult(new OrderPage(rows, null));
        }
    }

    public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        lock (disk.Gate)
        {
            RequireOpen();
            return ValueTask.FromResult<IReadOnlyList<AttentionGroup>>(
            [
                .. disk.Orders.Values.Where(order => order.Tenant == tenant && order.Attention is not null).GroupBy(order => order.Attention!, StringComparer.Ordinal)
                    .Select(group => new AttentionGroup(group.Key, Math.Min(group.Count(), most), group.Min(order => order.Id), group.Max(order => order.Id)))
                    .OrderBy(group => group.Code, StringComparer.Ordinal),
            ]);
        }
    }

    public ValueTask<IReadOnlyList<StockRow>> ListStockAsync(int partition, (TenantId Tenant, string Sku)? after, int limit, CancellationToken cancellation)
    {
        StockPageRules.RequireLimit(limit);
        lock (disk.Gate)
        {
            RequireOpen();
            var key = after is { } last ? (last.Tenant.Value, last.Sku) : ("", "");
            return ValueTask.FromResult<IReadOnlyList<StockRow>>(
                [.. Partition(partition).Stock.Where(item => Comparer<(string, string)>.Default.Compare(item.Key, key) > 0).Select(item => item.Value).Take(limit)]);
        }
    }

    public ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, CancellationToken cancellation)
    {
        StockPageRules.RequireLimit(limit);
        lock (disk.Gate)
        {
            RequireOpen();
            return ValueTask.FromResult<IReadOnlyList<StockRow>>(
            [
                .. disk.Partitions.SelectMany(partition => partition.Stock.Values)
                    .Where(item => item.Tenant == tenant && item.Sku.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(item.Sku, after) > 0)
                    .OrderBy(item => item.Sku, StringComparer.Ordinal).Take(limit),
            ]);
        }
    }

    private static void RequireDurable(MemoryDisk.Partition target, PartitionCheckpoint checkpoint)
    {
        var isKnown = checkpoint.Seq == target.CheckpointSeq
            || (checkpoint.Seq > target.CheckpointSeq && target.Batches.Exists(batch => batch.LastSeq == checkpoint.Seq));
        if (!isKnown)
            throw new ArgumentException(
                $"Sequence {checkpoint.Seq} of partition {checkpoint.Partition} is no durable batch's last.", nameof(checkpoint));
    }

    private void RequireOpen()
    {
        if (_closed)
            throw new Engine.Journal.StoreUnavailableException("The store is closed.");
    }
}
