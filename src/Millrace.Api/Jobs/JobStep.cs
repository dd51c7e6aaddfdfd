using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Orders.Read;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;

namespace Millrace.Api.Jobs;

/// <summary>Does a job's action with one order, if that still matches: what the query saw may be a second old.</summary>
internal sealed class JobStep(AdmittedRouter router, WatchedOrders watched)
{
    // An order that has changed each time that it was looked at is in a hurry; it is told so.
    private const int MostLooks = 5;

    /// <summary>The order as it is now, for a job that must know its holds; as it was listed while its owner cannot be asked.</summary>
    public async ValueTask<Order> LookAsync(Job job, Order listed, CancellationToken cancellation) =>
        (await router.SendAsync(new PartitionRequest.ReadOrder(listed.Id, job.Owner), Priority.Bulk, job.Owner, null, cancellation)).Order ?? listed;

    /// <returns>Null when it cannot be known now whether it was done: the same is to be tried again, a little later.</returns>
    public async ValueTask<JobResult?> TryAsync(Job job, OrderListQuery query, JobOrder target, CancellationToken cancellation)
    {
        var id = OrderId.TryParse(target.Id, out var parsed) ? parsed : throw new InvalidDataException($"'{target.Id}' is no order.");
        var result = new JobResult(target.Id, JobOutcome.Skipped, ProblemKinds.HoldNotFound.Code);
        JobResult? refused = null;
        int? expected = target.Version;
        foreach (var (command, key) in JobActions.CommandsFor(job, target))
        {
            var request = new PartitionRequest.ChangeOrder(id, job.Owner, command, job.Actor, key, expected);
            if (await SendAsync(request, query, cancellation) is not { } one)
                return null;
            // Of no command after one that has changed something: those expect no version.
            if (one.Outcome == JobOutcome.Skipped)
                return one;
            if (one.Outcome == JobOutcome.Refused)
            {
                // Somebody else has released this hold, say; the others are still to be.
                refused ??= one;
                continue;
            }

            // What one command has changed is changed, whatever the next finds.
            result = result.Outcome == JobOutcome.Changed ? result : one;
            expected = null;
        }

        return result.Outcome == JobOutcome.Changed ? result : refused ?? result;
    }

    private async ValueTask<JobResult?> SendAsync(PartitionRequest.ChangeOrder request, OrderListQuery query, CancellationToken cancellation)
    {
        var (order, tenant) = (request.Id.ToString(), request.Tenant!.Value);
        for (var look = 0; look < MostLooks; look++)
        {
            var reply = await router.SendAsync(request, Priority.Bulk, tenant, null, cancellation);
            switch (reply.Status)
            {
                case ReplyStatus.Accepted:
                    watched.Changed(request.Id, reply.Order!.Version);
                    return new JobResult(order, JobOutcome.Changed);
                case ReplyStatus.Replayed:
                    return new JobResult(order, JobOutcome.Changed);
                case ReplyStatus.Unchanged:
                    return new JobResult(order, JobOutcome.Unchanged);
                case ReplyStatus.Unavailable:
                    return null;
                case ReplyStatus.VersionMismatch:
                    var now = await router.SendAsync(new PartitionRequest.ReadOrder(request.Id, tenant), Priority.Bulk, tenant, null, cancellation);
                    if (now.Status == ReplyStatus.Unavailable)
                        return null;
                    if (now.Order is not { } found || !ListOrders.Matches(found, query))
                        return new JobResult(order, JobOutcome.Skipped, ProblemKinds.VersionMismatch.Code);
                    request = request with { ExpectedVersion = found.Version };
                    break;
                default:
                    return new JobResult(order, JobOutcome.Refused, ReplyProblem.Of(reply).Kind.Code);
            }
        }

        return new JobResult(order, JobOutcome.Refused, ProblemKinds.VersionMismatch.Code);
    }
}
