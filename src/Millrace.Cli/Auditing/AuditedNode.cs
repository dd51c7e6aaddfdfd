using Millrace.Api.Admission;
using Millrace.Engine.ReadModel;

namespace Millrace.Cli.Auditing;

/// <summary>What an auditor looks at.</summary>
/// <param name="Orders">The store's orders.</param>
/// <param name="Items">Its items.</param>
/// <param name="PartitionCount">Of the store.</param>
/// <param name="IsHere">Whether this node has the partition; another's rows are another's to judge, so that each is judged once.</param>
/// <param name="Refused">Whether the node has enough to do.</param>
internal sealed record AuditedNode(IReadModel Orders, IStockPages Items, int PartitionCount, Func<int, bool> IsHere, RefusedRequests Refused)
{
    public bool HasPartitions => Enumerable.Range(0, PartitionCount).Any(IsHere);
}
