using System.Text.Json;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Webhooks.Delivering;

/// <summary>What is kept of an endpoint's deliveries, for whoever looks. Thread-safe. Everything throws <see cref="StoreUnavailableException"/> when it cannot be read,
/// and <see cref="InvalidDataException"/> when it was written by another version of this program, or is damaged.</summary>
public sealed class DeliveryRecords(IRecords records)
{
    // Stored names; never to change.
    public const string StateKind = "webhook_state";
    internal const string WaitingKind = "webhook_waiting";
    internal const string AttemptsKind = "webhook_attempts";

    internal IRecords Records => records;

    /// <returns>Null before it was ever delivered to.</returns>
    public async ValueTask<DeliveryState?> FindStateAsync(string endpoint, CancellationToken cancellation) =>
        await records.FindRecordAsync(StateKind, endpoint, cancellation) is { } record ? ReadState(record) : null;

    /// <summary>Where a new endpoint begins.</summary>
    public async ValueTask BeginAsync(string endpoint, IReadOnlyList<string> cursors, CancellationToken cancellation) =>
        await records.TryWriteRecordAsync(new StoredRecord(StateKind, endpoint, 0, Write(new DeliveryState { Cursors = cursors })), cancellation);

    /// <summary>The last attempts, newest first.</summary>
    public async ValueTask<IReadOnlyList<Attempt>> ListAttemptsAsync(string endpoint, CancellationToken cancellation) =>
        await records.FindRecordAsync(AttemptsKind, endpoint, cancellation) is { } record
            ? record.Read(DeliveryJson.Default.IReadOnlyListAttempt)
            : [];

    /// <summary>What waits or has failed, by the events' ids: <see cref="IRecords.MaxPage"/> of them at most.</summary>
    /// <param name="endpoint">Whose they are.</param>
    /// <param name="after">The event that they come after, printable ASCII without spaces; null for the first of them.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>With the event that the next of them come after, null when there are none.</returns>
    public async ValueTask<(IReadOnlyList<WaitingEvent> Events, string? Next)> ListWaitingAsync(string endpoint, string? after, CancellationToken cancellation)
    {
        var page = await records.ListRecordsAsync(WaitingKind, WaitingId(endpoint, after ?? ""), IRecords.MaxPage, cancellation);
        var events = page.TakeWhile(record => record.Id.StartsWith(WaitingId(endpoint, ""), StringComparison.Ordinal)).Select(record => WaitingEvent.Read(record, out _)).ToList();
        return (events, events.Count == IRecords.MaxPage ? events[^1].Id : null);
    }

    internal async ValueTask<IReadOnlyList<StoredRecord>> ReadWaitingAsync(string endpoint, CancellationToken cancellation) =>
        await records.ListAllAsync(WaitingKind, WaitingId(endpoint, ""), cancellation).ToListAsync(cancellation);

    /// <summary>Of an endpoint that is not any more. Its state goes last, so that what a crash ends is begun again.</summary>
    public async ValueTask ForgetAsync(string endpoint, CancellationToken cancellation)
    {
        foreach (var record in await ReadWaitingAsync(endpoint, cancellation))
            await records.TryDeleteRecordAsync(record.Kind, record.Id, record.Version, cancellation);
        foreach (var kind in new[] { AttemptsKind, StateKind })
        {
            if (await records.FindRecordAsync(kind, endpoint, cancellation) is { } record)
                await records.TryDeleteRecordAsync(kind, endpoint, record.Version, cancellation);
        }
    }

    internal static string WaitingId(string endpoint, string eventId) => $"{endpoint}/{eventId}";

    internal static byte[] Write(DeliveryState state) => JsonSerializer.SerializeToUtf8Bytes(state, DeliveryJson.Default.DeliveryState);

    internal static DeliveryState ReadState(StoredRecord record) => record.Read(DeliveryJson.Default.DeliveryState);
}
