using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Npgsql;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore : IAdministration
{
    private const string ReadAudit =
        "SELECT seq, at, actor_kind, actor, tenant, action, subject, detail, chain FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";

    private const string FindAudit = """
        SELECT seq, at, actor_kind, actor, tenant, action, subject, detail, chain FROM audit
        WHERE seq > $1 AND (tenant = $3 OR ($4 AND tenant IS NULL)) ORDER BY seq LIMIT $2
        """;

    // The key is what decides between two nodes that add at once; a gap cannot come, since the entry before must be there.
    private const string AppendAudit = """
        INSERT INTO audit (seq, at, actor_kind, actor, tenant, action, subject, detail, chain)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT coalesce(max(seq), 0) FROM audit) = $1 - 1
        ON CONFLICT (seq) DO NOTHING
        """;

    private const string RecordKeyUses = """
        INSERT INTO key_use (key, last_used) SELECT * FROM unnest($1::text[], $2::bigint[]) u ORDER BY 1
        ON CONFLICT (key) DO UPDATE SET last_used = greatest(key_use.last_used, excluded.last_used)
        """;

    public async ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(long after, int most, CancellationToken cancellation)
    {
        var entries = new List<AuditEntry>();
        await AdministerAsync(ReadAudit, p => { p.Add(Of(after)); p.Add(Of(most)); }, reader => entries.Add(ReadEntry(reader)), cancellation).ConfigureAwait(false);
        return entries;
    }

    public async ValueTask<bool> TryAppendAuditAsync(AuditEntry entry, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entry);
        RequireOpen();
        try
        {
            return await _control.RunAsync(async source =>
            {
                var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    // A revocation must last as an order must.
                    await _settings.RequireAsync(connection, cancellation).ConfigureAwait(false);
                    var added = await connection.QueryAsync(AppendAudit, p => Bind(p, entry), static _ => { }).ConfigureAwait(false);
                    if (_settings.MustAskAgain)
                        await _settings.RequireAsync(connection, CancellationToken.None).ConfigureAwait(false);
                    return added == 1;
                }
            }).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    public async ValueTask<IReadOnlyList<AuditEntry>> FindAuditAsync(string tenant, bool withInstallation, long after, int most, CancellationToken cancellation) =>
        await RunAsync<IReadOnlyList<AuditEntry>>(_readers, FindAudit, p =>
        {
            p.Add(Of(after));
            p.Add(Of(most));
            p.Add(Of(tenant));
            p.Add(Of(withInstallation));
        }, async reader =>
        {
            var entries = new List<AuditEntry>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                entries.Add(ReadEntry(reader));
            return entries;
        }, cancellation).ConfigureAwait(false);

    public async ValueTask<IReadOnlyDictionary<string, long>> ReadKeyUsesAsync(CancellationToken cancellation)
    {
        var uses = new Dictionary<string, long>(StringComparer.Ordinal);
        await AdministerAsync("SELECT key, last_used FROM key_use", static _ => { }, reader => uses[reader.GetString(0)] = reader.GetInt64(1), cancellation)
            .ConfigureAwait(false);
        return uses;
    }

    public async ValueTask RecordKeyUsesAsync(IReadOnlyDictionary<string, long> lastUsedUnixMs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(lastUsedUnixMs);
        await AdministerAsync(RecordKeyUses, p =>
        {
            p.Add(Of<string[]>([.. lastUsedUnixMs.Keys]));
            p.Add(Of<long[]>([.. lastUsedUnixMs.Values]));
        }, static _ => { }, cancellation).ConfigureAwait(false);
    }

    private async Task<int> AdministerAsync(
        string sql, Action<NpgsqlParameterCollection> bind, Action<NpgsqlDataReader> row, CancellationToken cancellation)
    {
        RequireOpen();
        return await _control.RunAsync(source => source.QueryAsync(sql, bind, row, cancellation)).ConfigureAwait(false);
    }

    private static void Bind(NpgsqlParameterCollection parameters, AuditEntry entry)
    {
        parameters.Add(Of(entry.Seq));
        parameters.Add(Of(entry.AtUnixMs));
        parameters.Add(Of((int)entry.Actor.Kind));
        foreach (var text in new[] { entry.Actor.Name, entry.Tenant, entry.Action, entry.Subject, entry.Detail, entry.Chain })
            parameters.Add(new NpgsqlParameter { Value = text ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
    }

    private static AuditEntry ReadEntry(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt64(1), new Actor((ActorKind)reader.GetInt32(2), TextOrNull(reader, 3)), TextOrNull(reader, 4),
        reader.GetString(5), reader.GetString(6), reader.GetString(7), reader.GetString(8));

    private static string? TextOrNull(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
