using Millrace.Domain.Identity;

namespace Millrace.Engine.ReadModel;

/// <summary>The items of the read model, a page at a time: for whoever looks at all of them while they are served. Thread-safe.</summary>
public interface IStockPages
{
    /// <summary>Most rows of a page.</summary>
    public const int MostRows = 1_000;

    /// <summary>Items of a partition as checkpointed, each once, in an order of the store's own.</summary>
    /// <param name="partition">Whose.</param>
    /// <param name="after">The last item of the page before; null for the first page.</param>
    /// <param name="limit">Most rows to return, 1 to <see cref="MostRows"/>. Fewer are the last.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="Journal.StoreUnavailableException">The store cannot be read now.</exception>
    ValueTask<IReadOnlyList<StockRow>> ListStockAsync(int partition, (TenantId Tenant, string Sku)? after, int limit, CancellationToken cancellation);

    /// <summary>Items of a tenant as checkpointed, whatever their partitions, by SKU in the order of its characters' codes.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="prefix">What their SKUs begin with; empty for all.</param>
    /// <param name="after">The last SKU of the page before; null for the first page.</param>
    /// <param name="limit">Most rows to return, 1 to <see cref="MostRows"/>. Fewer are the last.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="Journal.StoreUnavailableException">The store cannot be read now.</exception>
    ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, CancellationToken cancellation);
}
