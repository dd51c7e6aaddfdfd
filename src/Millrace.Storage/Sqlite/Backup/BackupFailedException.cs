namespace Millrace.Storage.Sqlite.Backup;

/// <summary>A backup was not made, or is not fit to be restored; one line says why. Nothing half-made is left under its final name.</summary>
public sealed class BackupFailedException(string message, Exception? inner = null) : Exception(message, inner);
