namespace Millrace.Api.Problems;

/// <summary>A refusal as the client sees it: RFC 9457, with a stable code.</summary>
/// <param name="Kind">Code, status and title; a row of <see cref="ProblemKinds"/>.</param>
/// <param name="Detail">What happened this time.</param>
public sealed record Problem(ProblemKind Kind, string Detail)
{
    private static readonly ProblemKind[] OfFields =
        [ProblemKinds.CardNumberRefused, ProblemKinds.UnknownSku, ProblemKinds.CurrencyMismatch];

    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>With <c>total_mismatch</c>: what we computed, in minor units.</summary>
    public long? ComputedTotalMinor { get; init; }

    /// <summary>When to come back; null for the kind's own time, if it has one.</summary>
    public long? RetryAfterSeconds { get; init; }

    /// <summary>Several wrong fields. When all are wrong in the same, particular way, that way is the problem.</summary>
    public static Problem Of(IReadOnlyList<FieldError> errors)
    {
        var kind = Array.Find(OfFields, k => errors.All(e => e.Code == k.Code)) ?? ProblemKinds.InvalidRequest;
        return new Problem(kind, errors.Count == 1 ? errors[0].Detail : $"{errors.Count} fields are not acceptable.") { Errors = errors };
    }

    /// <summary>A rule's refusal, by its stable code.</summary>
    public static Problem OfRejection(string? code, string? detail) =>
        new(code is not null && ProblemKinds.TryGet(code, out var kind) ? kind : ProblemKinds.Conflict, detail ?? "The request conflicts with the present state.");
}

/// <param name="Code">Stable; the last part of the problem's <c>type</c>.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">The same every time.</param>
public sealed record ProblemKind(string Code, int Status, string Title)
{
    public string Type { get; } = "https://millrace.dev/problems/" + Code;
}
