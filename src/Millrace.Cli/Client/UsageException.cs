namespace Millrace.Cli.Client;

/// <summary>The command line is understood but cannot be meant: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
