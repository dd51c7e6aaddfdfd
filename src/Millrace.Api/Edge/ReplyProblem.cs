using System.Diagnostics;
using Millrace.Api.Admission;
using Millrace.Api.Problems;
using Millrace.Engine.Requests;

namespace Millrace.Api.Edge;

/// <summary>What a partition's refusal is to a client.</summary>
internal static class ReplyProblem
{
    private const int MostRetryAfterSeconds = 2;

    // What has stood still for minutes does not move in a second.
    private const int LeastBacklogSeconds = 15;

    /// <param name="reply">A reply that is not a success.</param>
    public static Problem Of(PartitionReply reply) => reply.Status switch
    {
        ReplyStatus.Rejected => Problem.OfRejection(reply.Code, reply.Detail),
        ReplyStatus.NotFound => new Problem(ProblemKinds.OrderNotFound, "There is no such order."),
        ReplyStatus.KeyReused => new Problem(ProblemKinds.KeyReused, "The Idempotency-Key was used with another request before."),
        ReplyStatus.VersionMismatch => new Problem(ProblemKinds.VersionMismatch, "The order has changed since the version in If-Match."),
        ReplyStatus.Unavailable when reply.Code == AdmittedRouter.OverloadedCode => Overloaded(),
        ReplyStatus.Unavailable when reply.Code == AdmittedRouter.BacklogCode => Behind(),
        ReplyStatus.Unavailable => new Problem(ProblemKinds.Unavailable, "Repeat the request, with the same Idempotency-Key, a little later."),
        _ => throw new UnreachableException(),
    };

    // Not all at the same moment again.
    private static Problem Behind() =>
        new(ProblemKinds.Backlog, "Orders that were placed before do not move; new ones are taken again once they do.") { RetryAfterSeconds = Random.Shared.Next(LeastBacklogSeconds, 2 * LeastBacklogSeconds) };

    private static Problem Overloaded() =>
        new(ProblemKinds.Overloaded, "More is asked for than can be done now. Repeat the request, with the same Idempotency-Key.") { RetryAfterSeconds = Random.Shared.Next(1, MostRetryAfterSeconds + 1) };

    public static bool IsSuccess(this PartitionReply reply) =>
        reply.Status is ReplyStatus.Accepted or ReplyStatus.Unchanged or ReplyStatus.Replayed;
}
