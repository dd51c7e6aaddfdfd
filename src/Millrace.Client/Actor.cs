namespace Millrace.Client;

/// <summary>Who did something.</summary>
/// <param name="Kind"><c>system</c>, <c>api_key</c>, <c>operator</c> or <c>psp</c>.</param>
public sealed record Actor(string Kind, string? Name);
