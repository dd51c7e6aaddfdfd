namespace Millrace.Client;

/// <summary>Why the server refused: its problem document, RFC 9457.</summary>
/// <param name="Type">An address that stands for the kind of problem.</param>
/// <param name="Title">The same for all of the kind.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What happened this time, for people.</param>
/// <param name="Code">The kind's stable name: what a program goes by. <c>http_NNN</c> when what answered is not Millrace, such as a proxy.</param>
/// <param name="TraceId">Under which the server's operator finds it; null when what answered is not Millrace.</param>
/// <param name="ComputedTotal">With <c>total_mismatch</c>: the total, in minor units.</param>
/// <param name="Errors">What is wrong with which field; null for none.</param>
public sealed record Problem(
    string? Type, string? Title, int Status, string? Detail, string Code, string? TraceId, long? ComputedTotal = null, IReadOnlyList<FieldError>? Errors = null);

/// <param name="Pointer">A JSON Pointer (RFC 6901) into the body that was sent.</param>
/// <param name="Code">Stable.</param>
/// <param name="Detail">For people.</param>
public sealed record FieldError(string Pointer, string Code, string Detail);
