namespace Millrace.Api.Problems;

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Pointer">Where, as a JSON Pointer (RFC 6901) into the body; empty for the whole of it.</param>
/// <param name="Code">Stable code.</param>
/// <param name="Detail">In words, without the value itself.</param>
public sealed record FieldError(string Pointer, string Code, string Detail);
