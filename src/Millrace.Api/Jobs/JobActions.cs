using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Jobs;

/// <summary>What a job may do with an order. Each is a command that may be asked of one order too, under a key that follows from job and order: done again, it changes nothing more.</summary>
internal static class JobActions
{
    private const string HoldKind = "operator";

    /// <summary>The commands for one order, in order; none when it has nothing of what the action is about.</summary>
    public static IEnumerable<(OrderCommand Command, ChangeKey Key)> CommandsFor(Job job, JobOrder order)
    {
        switch (job.Action)
        {
            case JobRules.Cancel:
                yield return (new OrderCommand.Cancel(job.Reason), KeyFor(job, order, "cancel/"));
                break;
            case JobRules.Retry:
                yield return (new OrderCommand.Resume(job.Reason), KeyFor(job, order, "resume/"));
                break;
            case JobRules.Hold:
                var key = KeyFor(job, order, "hold/");
                yield return (new OrderCommand.PlaceHold($"hold_{(ulong)key.KeyHash:x16}", HoldKind, job.Reason, null), key);
                break;
            case JobRules.Release:
                foreach (var hold in order.Holds ?? [])
                    yield return (new OrderCommand.ReleaseHold(hold), KeyFor(job, order, "release/" + hold));
                break;
            default:
                throw new InvalidDataException($"This version knows no action {job.Action}.");
        }
    }

    // Stored with the order for ever: never to change.
    private static ChangeKey KeyFor(Job job, JobOrder order, string change) =>
        new(NameHash.ChangeKey(job.Owner, $"orders/{order.Id}/{change}", $"job:{job.Id}:{order.Id}"), UInt128.Zero);
}
