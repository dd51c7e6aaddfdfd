using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>The tables of the days and months to come, beside default tables that are large.</summary>
public sealed class TimePartitionTests(PostgresFixture postgres)
{
    private const int Partitions = 4;

    // Rows of years ago, as a move or a migration brings them: more than is read in a moment.
    private const string Fill = """
        INSERT INTO journal (partition, first_seq, last_seq, epoch, previous, chain, payload, written_on)
        SELECT 3, g, g, 1, '', '', decode(repeat('00', 100), 'hex'), '2020-01-01' FROM generate_series(1, 20000) g;
        INSERT INTO orders (id, partition, tenant, status, version, doc)
        SELECT ('00000000-0000-7000-8000-' || lpad(g::text, 12, '0'))::uuid, 3, 'acme', 1, 1, decode(repeat('00', 100), 'hex') FROM generate_series(1, 20000) g;
        INSERT INTO name (partition, hash, order_id)
        SELECT 3, id.id, id.id FROM (SELECT ('00000000-0000-7000-8000-' || lpad(g::text, 12, '0'))::uuid AS id FROM generate_series(1, 40000) g) id
        """;

    private const string Rules = "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid IN ('journal_other'::regclass, 'orders_other'::regclass, 'name_other'::regclass)";

    [Fact]
    public async Task The_next_tables_are_made_without_a_large_default_table_being_read_while_others_wait_for_it()
    {
        var database = await NewStoreAsync();
        await PostgresFixture.ExecuteAsync(database, Fill);
        var missing = new[] { await DropLastAsync(database, "journal"), await DropLastAsync(database, "orders"), await DropLastAsync(database, "name") };

        var told = await EnsureAsync(database);
        foreach (var table in new[] { "journal_other", "orders_other", "name_other" })
            Assert.Contains(told, line => line.Contains($"default partition \"{table}\" is implied by existing constraints", StringComparison.Ordinal));
        foreach (var table in missing)
            Assert.Equal(1, await ExistsAsync(database, table));
        Assert.Equal(0, await PostgresFixture.CountAsync(database, Rules));
        Assert.Equal(20_000, await PostgresFixture.CountAsync(database, "SELECT count(*) FROM journal_other"));
    }

    [Fact]
    public async Task A_row_of_a_day_to_come_keeps_its_place_and_refuses_nobody_the_default_table()
    {
        var database = await NewStoreAsync();
        await PostgresFixture.ExecuteAsync(database, Fill);
        var (day, month) = (await DropLastAsync(database, "journal"), await DropLastAsync(database, "orders"));
        await PostgresFixture.ExecuteAsync(database, $"UPDATE journal_other SET written_on = to_date('{day[^8..]}', 'YYYYMMDD') WHERE first_seq = 7");

        await EnsureAsync(database);
        Assert.Equal((0, 1), (await ExistsAsync(database, day), await ExistsAsync(database, month)));
        Assert.Equal(0, await PostgresFixture.CountAsync(database, Rules));
        await PostgresFixture.ExecuteAsync(database, $"UPDATE journal_other SET written_on = to_date('{day[^8..]}', 'YYYYMMDD') WHERE first_seq = 8");
    }

    [Fact]
    public async Task What_a_killed_node_has_left_of_its_making_of_a_table_is_taken_away_by_the_next()
    {
        var database = await NewStoreAsync();
        await PostgresFixture.ExecuteAsync(database, Fill);
        var (made, unmade) = (await LastAsync(database, "journal"), await DropLastAsync(database, "name"));
        await PostgresFixture.ExecuteAsync(database, $"""
            ALTER TABLE journal_other ADD CONSTRAINT none_of_{made} CHECK (written_on < '2021-01-01' OR written_on >= '2021-01-02') NOT VALID;
            ALTER TABLE name_other ADD CONSTRAINT none_of_{unmade} CHECK (order_id < 'f0000000-0000-0000-0000-000000000000') NOT VALID
            """);

        await EnsureAsync(database);
        Assert.Equal(1, await ExistsAsync(database, unmade));
        Assert.Equal(0, await PostgresFixture.CountAsync(database, Rules));
    }

    [Fact]
    public async Task The_table_of_today_is_made_without_a_moment_in_which_its_rows_are_refused()
    {
        var database = await NewStoreAsync();
        await PostgresFixture.ExecuteAsync(database, Fill);
        await PostgresFixture.ExecuteAsync(database, "DO $$ BEGIN EXECUTE 'DROP TABLE journal_' || to_char(current_date, 'YYYYMMDD'); END $$");

        Assert.DoesNotContain(await EnsureAsync(database), line => line.Contains("\"journal_other\" is implied", StringComparison.Ordinal));
        Assert.Equal(1, await PostgresFixture.CountAsync(database, "SELECT count(*) FROM pg_class WHERE relname = 'journal_' || to_char(current_date, 'YYYYMMDD')"));
        await using var store = await OpenAsync(database);
        var log = await PartitionLog.ClaimAsync(store, 0);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
    }

    private async Task<string> NewStoreAsync()
    {
        var database = await postgres.NewDatabaseAsync();
        await (await OpenAsync(database)).DisposeAsync();
        return database;
    }

    private static Task<PostgresStore> OpenAsync(string database) =>
        PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = Partitions });

    // What the server tells of it: with which proof it made a table, too.
    private static async Task<List<string>> EnsureAsync(string database)
    {
        var told = new List<string>();
        await using var source = NpgsqlDataSource.Create(database + ";Options=-c client_min_messages=debug1");
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        connection.Notice += (_, notice) => told.Add(notice.Notice.MessageText);
        await TimePartitions.EnsureAsync(connection);
        return told;
    }

    private static async Task<string> DropLastAsync(string database, string parent)
    {
        var last = await LastAsync(database, parent);
        await PostgresFixture.ExecuteAsync(database, $"DROP TABLE {last}");
        return last;
    }

    private static async Task<string> LastAsync(string database, string parent)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            $"SELECT max(inhrelid::regclass::text COLLATE \"C\") FROM pg_inherits WHERE inhparent = '{parent}'::regclass AND inhrelid::regclass::text ~ '[0-9]$'");
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static Task<long> ExistsAsync(string database, string table) =>
        PostgresFixture.CountAsync(database, $"SELECT count(*) FROM pg_class WHERE relname = '{table}'");
}
