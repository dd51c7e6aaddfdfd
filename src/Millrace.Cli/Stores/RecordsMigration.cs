using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;
using Millrace.Storage.Sqlite.Administration;

namespace Millrace.Cli.Stores;

/// <summary>Copies what running services keep to another store, which is not served: jobs go on there, a paused provider stays paused. A repeat goes on where one stopped.</summary>
internal static class RecordsMigration
{
    public static async Task RunAsync(SqliteAdministration source, IRecords target, CancellationToken cancellation)
    {
        // Who had a lease is of the old store's nodes.
        foreach (var kind in (await source.ListRecordKindsAsync(cancellation)).Where(kind => kind != Lease.RecordKind))
        {
            IReadOnlyList<StoredRecord> page;
            string? after = null;
            do
            {
                page = await source.ListRecordsAsync(kind, after, IRecords.MaxPage, cancellation);
                foreach (var record in page)
                {
                    // One that is there was copied before.
                    await target.TryWriteRecordAsync(new StoredRecord(kind, record.Id, 0, record.Body), cancellation);
                    after = record.Id;
                }
            }
            while (page.Count == IRecords.MaxPage);
        }
    }
}
