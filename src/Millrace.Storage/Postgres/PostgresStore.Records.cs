using Millrace.Engine.Administration;
using Npgsql;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore : IRecords
{
    private const string ListRecords = "SELECT kind, id, version, body FROM record WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
    private const string FindRecord = "SELECT kind, id, version, body FROM record WHERE kind = $1 AND id = $2";

    // Of two that make the same record at once, the key refuses the second.
    private const string MakeRecord = "INSERT INTO record (kind, id, version, body) VALUES ($1, $2, $3 + 1, $4) ON CONFLICT (kind, id) DO NOTHING";

    // The second of two at once waits for the first's row, and then finds another version in it.
    private const string ReplaceRecord = "UPDATE record SET version = $3 + 1, body = $4 WHERE kind = $1 AND id = $2 AND version = $3";
    private const string DeleteRecord = "DELETE FROM record WHERE kind = $1 AND id = $2 AND version = $3";

    public async ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation)
    {
        StoredRecord.RequirePage(kind, most);
        // Up to 13 MB, for whoever asks the API: not on the connections of claims and leases.
        return await RunAsync<IReadOnlyList<StoredRecord>>(_readers, ListRecords, p => { p.Add(Of(kind)); p.Add(Of(after ?? "")); p.Add(Of(most)); }, async reader =>
        {
            var records = new List<StoredRecord>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                records.Add(ReadRecord(reader));
            return records;
        }, cancellation).ConfigureAwait(false);
    }

    public async ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation)
    {
        StoredRecord.RequireName(kind, id);
        StoredRecord? record = null;
        await AdministerAsync(FindRecord, p => { p.Add(Of(kind)); p.Add(Of(id)); }, reader => record = ReadRecord(reader), cancellation).ConfigureAwait(false);
        return record;
    }

    public async ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(record);
        var isWritten = await AppendDurablyAsync(record.Version == 0 ? MakeRecord : ReplaceRecord, p =>
        {
            p.Add(Of(record.Kind));
            p.Add(Of(record.Id));
            p.Add(Of(record.Version));
            p.Add(Of(record.Body.ToArray()));
        }, cancellation).ConfigureAwait(false) == 1;
        return isWritten ? new StoredRecord(record.Kind, record.Id, record.Version + 1, record.Body) : null;
    }

    public async ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation)
    {
        StoredRecord.RequireName(kind, id);
        return await AppendDurablyAsync(DeleteRecord, p => { p.Add(Of(kind)); p.Add(Of(id)); p.Add(Of(version)); }, cancellation).ConfigureAwait(false) == 1;
    }

    private static StoredRecord ReadRecord(NpgsqlDataReader reader) =>
        new(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetFieldValue<byte[]>(3));
}
