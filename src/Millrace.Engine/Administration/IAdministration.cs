using Millrace.Engine.Journal;

namespace Millrace.Engine.Administration;

/// <summary>
/// What is kept of the installation beside its orders: the audit log, from which keys and settings follow, and when keys were last used.
/// Thread-safe; any number of processes may share it. Everything throws <see cref="StoreUnavailableException"/> when it cannot be reached.
/// </summary>
public interface IAdministration
{
    /// <summary>The entries after a position, in order.</summary>
    /// <param name="after">0 for all.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(long after, int most, CancellationToken cancellation);

    /// <summary>The entries that concern one tenant, in order.</summary>
    /// <param name="tenant">Whom they concern.</param>
    /// <param name="withInstallation">Those that concern no tenant too.</param>
    /// <param name="after">0 for all.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    ValueTask<IReadOnlyList<AuditEntry>> FindAuditAsync(string tenant, bool withInstallation, long after, int most, CancellationToken cancellation);

    /// <summary>Adds an entry, durably: what follows from it is done by that.</summary>
    /// <returns>False when another entry has its place: read, decide again. After an exception it may have been added.</returns>
    ValueTask<bool> TryAppendAuditAsync(AuditEntry entry, CancellationToken cancellation);

    /// <summary>A secret that all nodes of the store share; it is as safe as the store's own data.</summary>
    /// <param name="name">Stored; never changed.</param>
    /// <param name="candidate">Becomes the secret, durably, where there is none of that name.</param>
    /// <param name="cancellation">Gives up waiting; it may have become it.</param>
    ValueTask<byte[]> GetSecretAsync(string name, byte[] candidate, CancellationToken cancellation);

    /// <summary>When each key was last used, in Unix milliseconds. A use may be missing that a crash came before.</summary>
    ValueTask<IReadOnlyDictionary<string, long>> ReadKeyUsesAsync(CancellationToken cancellation);

    /// <summary>Keeps the latest of what is known and what is given.</summary>
    ValueTask RecordKeyUsesAsync(IReadOnlyDictionary<string, long> lastUsedUnixMs, CancellationToken cancellation);
}
