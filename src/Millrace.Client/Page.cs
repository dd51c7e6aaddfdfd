namespace Millrace.Client;

/// <summary>A page of a list.</summary>
/// <param name="Data">In the list's order.</param>
/// <param name="HasMore">Whether another page follows.</param>
/// <param name="NextCursor">Where it begins; null for none.</param>
/// <param name="AsOf">Nothing that was done before is missing; null for a list that is never late.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? NextCursor, DateTimeOffset? AsOf = null);

/// <summary>A list that is short enough to come whole.</summary>
public sealed record Listing<T>(IReadOnlyList<T> Data);
