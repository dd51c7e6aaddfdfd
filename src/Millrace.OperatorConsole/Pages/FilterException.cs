namespace Millrace.OperatorConsole.Pages;

/// <summary>A page's address asks for what it does not have; the message says so to whoever looks at it.</summary>
internal sealed class FilterException(string message) : Exception(message);
