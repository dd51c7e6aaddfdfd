using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Parts;

/// <summary>What the forms of one thing share.</summary>
/// <param name="Base">The thing's address.</param>
/// <param name="Key">Idempotency key of whatever is asked for: pressed twice, it is done once.</param>
/// <param name="Version">ETag that the reader has seen: of another nothing is done.</param>
public sealed record ActContext(string Base, string Key, string Version, Session Session);
