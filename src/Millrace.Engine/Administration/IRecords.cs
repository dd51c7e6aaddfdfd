using Millrace.Engine.Journal;

namespace Millrace.Engine.Administration;

/// <summary>
/// What running services keep beside the orders, between restarts and for all nodes of the store: small records, each changed by compare-and-set of
/// its version. A write that succeeded is as durable as an order. Thread-safe; any number of processes may share it. Everything throws
/// <see cref="StoreUnavailableException"/> when it cannot be reached; a change may then have been made: read, decide again.
/// </summary>
public interface IRecords
{
    /// <summary>The most records of one page: with the largest bodies, 13 MB.</summary>
    const int MaxPage = 200;

    /// <summary>Records of one kind, by their ids' ASCII order.</summary>
    /// <param name="kind">As in <see cref="StoredRecord"/>.</param>
    /// <param name="after">The id that the page comes after; null for the first page.</param>
    /// <param name="most">1 to <see cref="MaxPage"/>. Fewer come only at the end.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation);

    /// <returns>Null when there is none.</returns>
    ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation);

    /// <summary>Makes a record, or replaces its body, durably.</summary>
    /// <param name="record">With the version that is stored now, 0 where none may be.</param>
    /// <param name="cancellation">Gives up waiting; it may have been written.</param>
    /// <returns>The record as it is stored then, with the next version; null when another version was stored: nothing is changed.</returns>
    ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation);

    /// <summary>Deletes a record of exactly this version, durably.</summary>
    /// <returns>False when there is none of this version: nothing is changed.</returns>
    ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation);
}
