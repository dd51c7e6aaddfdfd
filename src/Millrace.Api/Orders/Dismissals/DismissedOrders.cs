using System.Text.Json;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.ReadModel;

namespace Millrace.Api.Orders.Dismissals;

/// <summary>The dismissals of the store. Thread-safe.</summary>
internal sealed class DismissedOrders(IRecords records)
{
    // Stored names; never to change.
    private const string Kind = "dismissed_order";

    /// <returns>The dismissal, which may be of an earlier version of the order, and its record; a record of version 0 when there is none.</returns>
    /// <exception cref="InvalidDataException">It is of another version of this program, or damaged.</exception>
    public async Task<(Dismissal? Dismissal, StoredRecord Record)> FindAsync(TenantId tenant, OrderId order, CancellationToken cancellation) =>
        await records.FindRecordAsync(Kind, IdOf(tenant, order), cancellation) is { } found
            ? (found.Read(DismissalJson.Default.Dismissal), found)
            : (null, new StoredRecord(Kind, IdOf(tenant, order), 0, default));

    /// <returns>False when another has written since it was read.</returns>
    public async Task<bool> TrySaveAsync(StoredRecord read, Dismissal dismissal, CancellationToken cancellation) =>
        await records.TryWriteRecordAsync(read.With(JsonSerializer.SerializeToUtf8Bytes(dismissal, DismissalJson.Default.Dismissal)), cancellation) is not null;

    /// <returns>False when another has written since it was read.</returns>
    public async Task<bool> TryDeleteAsync(StoredRecord read, CancellationToken cancellation) =>
        await records.TryDeleteRecordAsync(Kind, read.Id, read.Version, cancellation);

    /// <summary>Whether an order is dismissed, as it is. One of which that cannot be read is not: it is rather shown than hidden, as in <see cref="AmongAsync"/>.</summary>
    public async Task<bool> ContainsAsync(TenantId tenant, Order order, CancellationToken cancellation) =>
        await records.FindRecordAsync(Kind, IdOf(tenant, order.Id), cancellation) is { } found && IsOf(found, order.Version);

    /// <summary>Which of a tenant's orders are dismissed, as they are: ids sort as their texts do, so one range has them all.</summary>
    /// <param name="rows">Newest first.</param>
    public async Task<HashSet<OrderId>> AmongAsync(TenantId tenant, IReadOnlyList<OrderRow> rows, CancellationToken cancellation)
    {
        var dismissed = new HashSet<OrderId>();
        if (rows.Count == 0)
            return dismissed;
        var versions = rows.ToDictionary(row => IdOf(tenant, row.Id), row => row, StringComparer.Ordinal);
        var (oldest, newest) = (IdOf(tenant, rows[^1].Id), IdOf(tenant, rows[0].Id));
        // Just before the oldest.
        for (string? after = oldest[..^1]; after is not null;)
        {
            var page = await records.ListRecordsAsync(Kind, after, IRecords.MaxPage, cancellation);
            after = page.Count == IRecords.MaxPage ? page[^1].Id : null;
            foreach (var record in page)
            {
                if (string.CompareOrdinal(record.Id, newest) > 0)
                    return dismissed;
                if (versions.TryGetValue(record.Id, out var row) && IsOf(record, row.Version))
                    dismissed.Add(row.Id);
            }
        }

        return dismissed;
    }

    private static string IdOf(TenantId tenant, OrderId order) => $"{tenant.Value}/{order}";

    private static bool IsOf(StoredRecord record, int orderVersion)
    {
        try
        {
            return record.Read(DismissalJson.Default.Dismissal).OrderVersion == orderVersion;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
