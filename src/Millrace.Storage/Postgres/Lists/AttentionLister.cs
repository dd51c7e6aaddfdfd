using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Npgsql;

namespace Millrace.Storage.Postgres.Lists;

/// <summary>Why orders wait for a person: from one reason to the next along the index, past what waits for it. No archived order does.</summary>
internal static class AttentionLister
{
    private const string Waiting = "FROM orders WHERE attention IS NOT NULL AND tenant = $1 AND ($3::int[] IS NULL OR partition = ANY($3)) AND attention";

    /// <summary>All in one snapshot.</summary>
    public const string Sql = $"""
        WITH RECURSIVE reason(code) AS (
            (SELECT attention {Waiting} > '' ORDER BY attention LIMIT 1)
            UNION ALL
            SELECT (SELECT attention {Waiting} > r.code ORDER BY attention LIMIT 1) FROM reason r WHERE r.code IS NOT NULL)
        SELECT code, (SELECT count(*) FROM (SELECT 1 {Waiting} = code LIMIT $2) counted),
            (SELECT id {Waiting} = code ORDER BY id LIMIT 1), (SELECT id {Waiting} = code ORDER BY id DESC LIMIT 1)
        FROM reason WHERE code IS NOT NULL ORDER BY code COLLATE "C"
        """;

    public static void Bind(NpgsqlParameterCollection p, TenantId tenant, int most, int[]? only)
    {
        p.Add(Postgres.Sql.Of(tenant.Value));
        p.Add(Postgres.Sql.Of((long)most));
        p.Add(new NpgsqlParameter<int[]?> { TypedValue = only });
    }

    public static AttentionGroup Read(NpgsqlDataReader reader) =>
        new(reader.GetString(0), (int)reader.GetInt64(1), OrderLister.ReadId(reader, 2), OrderLister.ReadId(reader, 3));
}
