using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Archive.Orders;
using Npgsql;

namespace Millrace.Storage.Postgres.Lists;

/// <summary>What a list of orders asks a database for.</summary>
internal abstract class OrderReads
{
    private const string Months = "SELECT folder, low, high FROM order_archive ORDER BY low DESC, folder";

    /// <summary>A page of rows.</summary>
    /// <param name="query">What to list.</param>
    /// <param name="only">Orders of these partitions; null for all.</param>
    public Task<OrderPage> PageAsync(OrderQuery query, int[]? only)
    {
        void Bind(NpgsqlParameterCollection p) => OrderLister.Bind(p, query, only);
        return OrderLister.PageAsync(query, sql => ReadAsync(sql, Bind, OrderLister.Read), sql => ReadAsync(sql, Bind, OrderLister.ReadWithLast));
    }

    /// <summary>The months that are archived at this moment, the newest first.</summary>
    public Task<List<ArchivedMonth>> MonthsAsync() => ReadAsync(
        Months, static _ => { }, static r => new ArchivedMonth(r.GetString(0), r.GetGuid(1), r.GetGuid(2)));

    /// <summary>Those of these orders that are rows.</summary>
    public Task<List<OrderRow>> RowsAsync(IEnumerable<OrderId> ids) => ReadAsync(
        $"SELECT {OrderLister.Columns} FROM orders WHERE id = ANY($1)", p => p.Add(Sql.Of(ids.Select(OrderLister.Key).ToArray())), OrderLister.Read);

    protected abstract Task<List<T>> ReadAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read);
}
