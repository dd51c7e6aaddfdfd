using System.Text.Json;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Reconciliation.Breaks;

/// <summary>A break in the version in which it was read.</summary>
public sealed record StoredBreak(Break Break, StoredRecord Record);

/// <summary>The breaks of the store, and how far the comparison is. Thread-safe. Everything throws <see cref="StoreUnavailableException"/> when it cannot be reached.</summary>
public sealed class BreakStore(IRecords records)
{
    /// <summary>With so many open the comparison stands: not single payments are wrong then.</summary>
    public const int MostOpen = 10_000;

    /// <summary>Of those that were settled so many are kept, the last.</summary>
    public const int MostSettled = 1_000;

    /// <summary>Of those that people closed so many are kept, the last: one that is forgotten may be opened again.</summary>
    public const int MostClosed = 5_000;

    // Stored names; never to change.
    public const string StateKind = "reconciliation_state";
    private const string BreakKind = "reconciliation_break";
    private const string StateId = "state";

    /// <summary>All of them, in no order that means anything. One of another version is for the nodes that can read it, and keeps the others from nobody.</summary>
    /// <param name="unreadable">Told the ids of those; null for nobody.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<List<StoredBreak>> ListAsync(Action<string>? unreadable, CancellationToken cancellation) =>
        await records.ListAllAsync(BreakKind, cancellation: cancellation).Select(record => TryRead(record, unreadable)).OfType<StoredBreak>().ToListAsync(cancellation);

    /// <returns>Null when there is none.</returns>
    /// <exception cref="InvalidDataException">It is of another version, or damaged.</exception>
    public async Task<StoredBreak?> FindAsync(string id, CancellationToken cancellation) =>
        await records.FindRecordAsync(BreakKind, id, cancellation) is { } record ? Read(record) : null;

    /// <returns>Null when there is one of that id.</returns>
    public async Task<StoredBreak?> TryAddAsync(Break found, CancellationToken cancellation) =>
        await TrySaveAsync(new StoredRecord(BreakKind, found.Id, 0, default), found, cancellation);

    /// <returns>Null when another has changed it since it was read.</returns>
    public Task<StoredBreak?> TrySaveAsync(StoredBreak read, Break changed, CancellationToken cancellation) => TrySaveAsync(read.Record, changed, cancellation);

    /// <summary>Forgets one, unless another has changed it since it was read.</summary>
    public async Task ForgetAsync(StoredBreak read, CancellationToken cancellation) =>
        await records.TryDeleteRecordAsync(BreakKind, read.Record.Id, read.Record.Version, cancellation);

    /// <returns>Null before anything was compared; with the version to be written next.</returns>
    /// <exception cref="InvalidDataException">It is of another version, or damaged.</exception>
    public async Task<(ReconciliationState? State, long Version)> ReadStateAsync(CancellationToken cancellation) =>
        await records.FindRecordAsync(StateKind, StateId, cancellation) is { } record
            ? (record.Read(ReconciliationJson.Default.ReconciliationState), record.Version)
            : (null, 0);

    /// <returns>The version to be written next; null when another has written.</returns>
    public async Task<long?> TrySaveStateAsync(ReconciliationState state, long version, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(state, ReconciliationJson.Default.ReconciliationState);
        return (await records.TryWriteRecordAsync(new StoredRecord(StateKind, StateId, version, body), cancellation))?.Version;
    }

    private async Task<StoredBreak?> TrySaveAsync(StoredRecord record, Break found, CancellationToken cancellation) =>
        await records.TryWriteRecordAsync(record.With(JsonSerializer.SerializeToUtf8Bytes(found, ReconciliationJson.Default.Break)), cancellation) is { } saved
            ? new StoredBreak(found, saved)
            : null;

    private static StoredBreak? TryRead(StoredRecord record, Action<string>? unreadable)
    {
        try
        {
            return Read(record);
        }
        catch (InvalidDataException)
        {
            unreadable?.Invoke(record.Id);
            return null;
        }
    }

    private static StoredBreak Read(StoredRecord record) => new(record.Read(ReconciliationJson.Default.Break), record);
}
