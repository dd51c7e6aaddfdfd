using Millrace.Engine.Administration;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Administration;

public sealed partial class SqliteAdministration : IRecords
{
    public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation)
    {
        StoredRecord.RequirePage(kind, most);
        return Run(session =>
        {
            var select = session.Statement("SELECT kind, id, version, body FROM record WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
                .Bind(1, kind).Bind(2, after ?? "").Bind(3, (long)most);
            var records = new List<StoredRecord>();
            using var scope = select.Use();
            while (select.Step())
                records.Add(ReadRecord(select));
            return (IReadOnlyList<StoredRecord>)records;
        });
    }

    public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation)
    {
        StoredRecord.RequireName(kind, id);
        return Run(session =>
        {
            var select = session.Statement("SELECT kind, id, version, body FROM record WHERE kind = ?1 AND id = ?2").Bind(1, kind).Bind(2, id);
            using var scope = select.Use();
            return select.Step() ? ReadRecord(select) : null;
        });
    }

    public ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(record);
        var next = new StoredRecord(record.Kind, record.Id, record.Version + 1, record.Body);
        return Run(session => Write(session, () =>
        {
            if (StoredVersion(session, record.Kind, record.Id) != record.Version)
                return false;
            session.Statement("INSERT INTO record (kind, id, version, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, body = excluded.body")
                .Bind(1, next.Kind).Bind(2, next.Id).Bind(3, next.Version).Bind(4, next.Body.Span).Run();
            return true;
        }) ? next : null);
    }

    public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation)
    {
        StoredRecord.RequireName(kind, id);
        return Run(session => Write(session, () =>
        {
            if (version == 0 || StoredVersion(session, kind, id) != version)
                return false;
            session.Statement("DELETE FROM record WHERE kind = ?1 AND id = ?2").Bind(1, kind).Bind(2, id).Run();
            return true;
        }));
    }

    /// <summary>The kinds of which there are records: for whoever copies them all.</summary>
    public ValueTask<IReadOnlyList<string>> ListRecordKindsAsync(CancellationToken cancellation) => Run(session =>
    {
        var kinds = new List<string>();
        var select = session.Statement("SELECT DISTINCT kind FROM record ORDER BY kind");
        using var scope = select.Use();
        while (select.Step())
            kinds.Add(select.Text(0));
        return (IReadOnlyList<string>)kinds;
    });

    // 0 for none. Inside the transaction, which is the only one that writes.
    private static long StoredVersion(SqliteSession session, string kind, string id)
    {
        var select = session.Statement("SELECT version FROM record WHERE kind = ?1 AND id = ?2").Bind(1, kind).Bind(2, id);
        using var scope = select.Use();
        return select.Step() ? select.Int64(0) : 0;
    }

    private static StoredRecord ReadRecord(SqliteStatement select) => new(select.Text(0), select.Text(1), select.Int64(2), select.Blob(3).ToArray());
}
