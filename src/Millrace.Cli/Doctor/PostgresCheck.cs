using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Millrace.Cli.Doctor;

/// <summary>A database for orders: what a node asserts of it at its start, and what only slows it down.</summary>
internal static class PostgresCheck
{
    private const int Commits = 30;

    private static readonly (string Setting, Func<string, bool> IsWell, Verdict Otherwise, string Why, string Fix)[] Settings =
    [
        ("fsync", static v => v == "on", Verdict.Fail, "without it a loss of power loses acknowledged orders; a node refuses to start", "psql -c 'ALTER SYSTEM SET fsync = on' -c 'SELECT pg_reload_conf()'"),
        ("full_page_writes", static v => v == "on", Verdict.Fail, "without it a torn page destroys data; a node refuses to start", "psql -c 'ALTER SYSTEM SET full_page_writes = on' -c 'SELECT pg_reload_conf()'"),
        ("synchronous_commit", static v => v is "on" or "remote_apply", Verdict.Fail, "anything less acknowledges before it is durable; a node refuses to start", "psql -c 'ALTER SYSTEM SET synchronous_commit = on' -c 'SELECT pg_reload_conf()'"),
        ("server_encoding", static v => v == "UTF8", Verdict.Fail, "another cannot hold every text of an order; a node refuses to start", "createdb --encoding UTF8 --template template0 millrace"),
        ("synchronous_standby_names", static v => v.Length > 0, Verdict.Warn, "without a synchronous standby the orders go with the database's machine; --require-replica refuses that", "psql -c \"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'\" -c 'SELECT pg_reload_conf()'   # once a standby streams"),
        ("data_checksums", static v => v == "on", Verdict.Warn, "a page that the disk has changed is not noticed", "pg_checksums --enable --pgdata \"$PGDATA\"   # with the server stopped"),
    ];

    public static async Task<IReadOnlyList<Finding>> OfAsync(string connectionString, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        try
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var connection = await source.OpenConnectionAsync(cancellation);
            findings.Add(Finding.Of("postgres", connection.PostgreSqlVersion.Major >= 15, Verdict.Fail, $"version {connection.PostgreSqlVersion}, 15 or later needed",
                "older ones were never tried", "apt-get install postgresql"));
            foreach (var (setting, isWell, otherwise, why, fix) in Settings)
            {
                var value = (string)await ScalarAsync(connection, $"SELECT current_setting('{setting}')", cancellation);
                findings.Add(Finding.Of("db " + setting, isWell(value), otherwise, value.Length == 0 ? "not set" : value, why, fix));
            }

            findings.Add(await OfCommitsAsync(connection, cancellation));
            var earliest = TimeProvider.System.GetUtcNow();
            var theirs = new DateTimeOffset((DateTime)await ScalarAsync(connection, "SELECT clock_timestamp()", cancellation));
            findings.Add(ClockCheck.Against("db clock", theirs, earliest, TimeProvider.System.GetUtcNow(), TimeSpan.Zero));
        }
        catch (Exception unreachable) when (unreachable is NpgsqlException or TimeoutException or ArgumentException or System.Net.Sockets.SocketException)
        {
            findings.Add(new Finding("postgres", Verdict.Fail, unreachable.Message, "a node cannot start without its database", "pg_isready   # with the host and port of the connection string"));
        }

        return findings;
    }

    // A message in the log of the server: durable like any commit, and nothing is kept of it.
    private static async Task<Finding> OfCommitsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var times = new List<double>(Commits);
        for (var i = 0; i < Commits; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await ScalarAsync(connection, "SELECT pg_logical_emit_message(true, 'millrace doctor', '')::text", cancellation);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        var (p50, slowest) = (times[Commits / 2], times[^1]);
        return Finding.Of("db commit", slowest <= 100, Verdict.Warn, string.Create(CultureInfo.InvariantCulture, $"p50 {p50:0.00} ms, slowest {slowest:0.00} ms of {Commits} commits, with the way there"),
            "each group of orders waits for one, and for the standby's", "pg_test_fsync -s 2   # on the database's machine: is it the disk, or the way?");
    }

    private static async Task<object> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation) ?? "";
    }
}
