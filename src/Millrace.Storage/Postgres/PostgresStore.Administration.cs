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

    private const string AddSecret = "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

    public async ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(long after, int most, CancellationToken cancellation)
    {
        var entries = new List<AuditEntry>();
        await AdministerAsync(ReadAudit, p => { p.Add(Of(after)); p.Add(Of(most)); }, reader => entries.Add(ReadEntry(reader)), cancellation).ConfigureAwait(false);
        return entries;
    }

    public async ValueTask<bool> TryAppendAuditAsync(AuditEntry entry, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return await AppendDurablyAsync(AppendAudit, p => Bind(p, entry), cancellation).ConfigureAwait(false) == 1;
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

    public async ValueTask<byte[]> GetSecretAsync(string name, byte[] candidate, CancellationToken cancellation)
    {
        if (await ReadSecretAsync(name, cancellation).ConfigureAwait(false) is { } known)
            return known;
        // Of two nodes that start at once, both take the one that was first.
        await AppendDurablyAsync(AddSecret, p => { p.Add(Of(name)); p.Add(Of(candidate)); }, cancellation).ConfigureAwait(false);
        return (await ReadSecretAsync(name, cancellation).ConfigureAwait(false))!;
    }

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

    private async ValueTask<byte[]?> ReadSecretAsync(string name, CancellationToken cancellation)
    {
        byte[]? secret = null;
        await AdministerAsync("SELECT value FROM secret WHERE name = $1", p => p.Add(Of(name)), reader => secret = reader.GetFieldValue<byte[]>(0), cancellation).ConfigureAwait(false);
        return secret;
    }

    private async Task<int> AppendDurablyAsync(string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellation)
    {
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
                    var added = await connection.QueryAsync(sql, bind, static _ => { }).ConfigureAwait(false);
                    if (_settings.MustAskAgain)
                        await _settings.RequireAsync(connection, CancellationToken.None).ConfigureAwait(false);
                    return added;
                }
            }).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
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
