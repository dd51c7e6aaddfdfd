using Millrace.Api.Admission;
using Millrace.Api.Idempotency;
using Millrace.Api.Orders;
using Millrace.Api.Problems;

namespace Millrace.Api.Documentation;

/// <summary>Every problem that an endpoint may answer with: its own, and what follows from its headers, its body and its scope.</summary>
internal static class EndpointProblems
{
    public static IEnumerable<ProblemKind> Of(EndpointDocument doc)
    {
        IEnumerable<ProblemKind> kinds = [.. doc.Problems, ProblemKinds.InternalError];
        // Who comes without a key is known by a signature, or asks for nothing: such endpoints name their own.
        if (!doc.IsOpen)
            kinds = [.. kinds, ProblemKinds.InvalidParameter, ProblemKinds.Unauthenticated, ProblemKinds.InsufficientScope, ProblemKinds.QuotaExceeded, ProblemKinds.Unavailable, .. OfBody(doc)];
        if (doc.Takes(IdempotencyKey.HeaderName))
            kinds = [.. kinds, ProblemKinds.KeyMissing, ProblemKinds.KeyInvalid];
        if (doc.Takes("If-Match"))
            kinds = [.. kinds, ProblemKinds.VersionMismatch];
        if (doc.Takes("If-Match") || doc.Takes(RequestTimeout.HeaderName) || doc.Takes(ConsistencyToken.HeaderName))
            kinds = [.. kinds, ProblemKinds.InvalidHeader];
        return kinds.Distinct().OrderBy(kind => kind.Status).ThenBy(kind => kind.Code, StringComparer.Ordinal);
    }

    private static ProblemKind[] OfBody(EndpointDocument doc) => doc.Body is null ? [] :
    [
        ProblemKinds.BadRequest, ProblemKinds.MalformedJson, ProblemKinds.RequestTimeout, ProblemKinds.BodyTooLarge,
        ProblemKinds.UnsupportedMediaType, ProblemKinds.InvalidRequest,
    ];
}
