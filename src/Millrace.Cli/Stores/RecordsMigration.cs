using Millrace.Cluster.Administration;
using Millrace.Cluster.Orleans;
using Millrace.Engine.Administration;
using Millrace.Reconciliation.Breaks;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Webhooks.Delivering;

namespace Millrace.Cli.Stores;

/// <summary>Copies what running services keep to another store, which is not served: jobs go on there, a paused provider stays paused. A repeat goes on where one stopped.</summary>
internal static class RecordsMigration
{
    // Who had a lease, and what a node runs, is of its nodes; how far a webhook endpoint was told, or the journal compared, is a place in it, which means another in another.
    private static readonly string[] OfTheOldStore = [Lease.RecordKind, NodeVersions.RecordKind, DeliveryRecords.StateKind, BreakStore.StateKind];

    public static async Task RunAsync(SqliteAdministration source, IRecords target, CancellationToken cancellation)
    {
        foreach (var kind in (await source.ListRecordKindsAsync(cancellation)).Except(OfTheOldStore))
        {
            // One that is there was copied before.
            await foreach (var record in source.ListAllAsync(kind, cancellation: cancellation))
                await target.TryWriteRecordAsync(new StoredRecord(kind, record.Id, 0, record.Body), cancellation);
        }
    }
}
