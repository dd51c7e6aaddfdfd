namespace Millrace.Client;

/// <summary>A page of a list.</summary>
/// <param name="Data">In the list's order.</param>
/// <param name="HasMore">Whether another page follows.</param>
/// <param name="NextCursor">Where it begins; null for none.</param>
/// <param name="AsOf">When the database was as it is shown; what was done in the second or two before may be missing, unless a consistency token waits for it. Null for a list that is never late.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? NextCursor, DateTimeOffset? AsOf = null);

/// <summary>A list that is short enough to come whole.</summary>
public sealed record Listing<T>(IReadOnlyList<T> Data);
