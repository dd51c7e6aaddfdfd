using Millrace.Api.Orders.Read;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Jobs;

/// <summary>The orders of a job's query, a few at a time, as the list of orders shows them.</summary>
internal sealed class JobPages(ListOrders lists)
{
    private const int CountPage = 1_000;

    // As many as a job may have. A filter without an index looks at thousands for each page, and finds fewer: what takes longer than this to count is not counted.
    private const int MostCountPages = JobRules.MaxLimit / CountPage;

    /// <returns>How many match, up to the job's limit; null when that would take too long.</returns>
    public async Task<int?> CountAsync(Job job, OrderListQuery query, Func<Task> pause, CancellationToken cancellation)
    {
        var count = 0;
        OrderId? before = null;
        for (var page = 0; page < MostCountPages; page++)
        {
            var (orders, next) = await ReadAsync(job, query, CountPage, before, cancellation);
            count += orders.Count;
            if (count >= job.Limit || next is null)
                return Math.Min(count, job.Limit);
            before = next;
            await pause();
        }

        return null;
    }

    /// <summary>The next page: fewer than are wanted, or none, need not mean that there are no more.</summary>
    public async Task<(List<Order> Orders, OrderId? Next)> ReadAsync(Job job, OrderListQuery query, int most, OrderId? before, CancellationToken cancellation)
    {
        // Not of the replica, which may be late by more than anybody expects of something that is done with all orders.
        var page = await lists.ReadAsync(job.Owner, query with { Limit = most, Before = before }, [], cancellation, mayBeOfReplica: false);
        // Null is only for what a client has seen, and a job has seen nothing.
        return (page!.Orders, page.Next);
    }
}
