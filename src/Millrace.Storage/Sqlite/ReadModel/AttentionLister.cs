using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Why orders wait for a person: from one reason to the next along the index, past what waits for it.</summary>
internal static class AttentionLister
{
    private const string Waiting = "FROM orders INDEXED BY orders_attention_code WHERE attention IS NOT NULL AND tenant = ?1 AND attention";
    private const string SelectNext = $"SELECT attention {Waiting} > ?2 ORDER BY attention LIMIT 1";
    private const string SelectGroup = $"""
        SELECT (SELECT count(*) FROM (SELECT 1 {Waiting} = ?2 LIMIT ?3)),
            (SELECT id {Waiting} = ?2 ORDER BY id LIMIT 1), (SELECT id {Waiting} = ?2 ORDER BY id DESC LIMIT 1)
        """;

    public static IReadOnlyList<AttentionGroup> List(SqliteSession session, (TenantId Tenant, int Most) asked)
    {
        var groups = new List<AttentionGroup>();
        // No reason is empty.
        for (var code = ""; Next(session, asked.Tenant, code) is { } next; code = next)
        {
            var statement = session.Statement(SelectGroup).Bind(1, asked.Tenant.Value).Bind(2, next).Bind(3, (long)asked.Most);
            using var scope = statement.Use();
            statement.Step();
            groups.Add(new AttentionGroup(next, (int)statement.Int64(0), OrderRows.ReadId(statement, 1), OrderRows.ReadId(statement, 2)));
        }

        return groups;
    }

    private static string? Next(SqliteSession session, TenantId tenant, string after)
    {
        var statement = session.Statement(SelectNext).Bind(1, tenant.Value).Bind(2, after);
        using var scope = statement.Use();
        return statement.Step() ? statement.Text(0) : null;
    }
}
