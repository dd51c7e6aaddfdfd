namespace Millrace.Api.Backups;

/// <summary>What a finished backup holds.</summary>
/// <param name="Name">Its folder, inside the one that the server was started with.</param>
/// <param name="TakenAt">Nothing of after this moment is in it.</param>
/// <param name="Bytes">Of all its files.</param>
/// <param name="Records">Of the journals of all partitions.</param>
public sealed record FinishedBackup(string Name, DateTimeOffset TakenAt, long Bytes, int Partitions, long Records);

/// <summary>A backup under way.</summary>
/// <param name="Progress">Bytes that are copied, and about how many there are; asked from any thread.</param>
/// <param name="Result">Fails with a message for the operator.</param>
public sealed record RunningBackup(Func<(long Done, long Total)> Progress, Task<FinishedBackup> Result);

/// <summary>Begins a backup of the store, and leaves no half of one when it fails or is canceled. The port through which the edge knows stores.</summary>
public delegate RunningBackup BackupStarter(CancellationToken cancellation);
