using Millrace.Cli.Client;
using Millrace.Cli.Keys;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>Commands on stores: what they would do, without doing it.</summary>
[Collection(CliServers.Name)]
public sealed class StoreDryRunTests(CliServer server, PostgresFixture postgres)
{
    [Fact]
    public async Task A_restore_reads_every_byte_of_the_backup_and_writes_none()
    {
        await server.RunAsync(0, "backup");
        var backup = Directory.GetDirectories(Path.Combine(server.Folder, "backups")).Order(StringComparer.Ordinal).Last();
        var target = Path.Combine(server.Folder, "restored");
        string[] restore = ["restore", "--from", backup, "--to", target, "--dry-run"];
        Assert.Contains("nothing was changed", (await CliRun.OfAsync(0, restore)).Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target) || Directory.Exists(target + ".restoring"));

        var file = Directory.GetFiles(backup, "*.db").First();
        await using (var damaged = File.OpenWrite(file))
            damaged.SetLength(damaged.Length - 1);
        Assert.Contains("damaged", (await CliRun.OfAsync(Acting.Failed, restore)).Errors, StringComparison.Ordinal);
        Assert.Contains("occupied", (await CliRun.OfAsync(Acting.Failed, "restore", "--from", backup, "--to", server.DataDirectory, "--dry-run")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_looks_at_both_sides_and_makes_nothing_in_the_database()
    {
        var folder = Path.Combine(server.Folder, "to-migrate");
        await using (SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder, PartitionCount = 1 }))
        {
            // Made, and closed again.
        }

        var database = await postgres.NewDatabaseAsync();
        await CliRun.OfAsync(Acting.Done, "migrate", "--from", folder, "--to", database, "--dry-run");
        await using var source = NpgsqlDataSource.Create(database);
        await using var tables = source.CreateCommand("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'");
        Assert.Equal(0L, await tables.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        var lossy = await CliRun.OfAsync(Acting.Failed, "migrate-store", "--from", folder, "--to", database + ";Options=-c synchronous_commit=off", "--dry-run");
        Assert.Contains("synchronous_commit", lossy.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("keys list")]
    [InlineData("keys revoke key_x")]
    [InlineData("keys create --name n --scopes admin --dry-run")]
    [InlineData("shards show")]
    [InlineData("archive --dry-run")]
    public async Task Who_looks_into_a_database_without_a_store_makes_none(string line)
    {
        var database = await postgres.NewDatabaseAsync();
        string[] command = [.. line.Split(' '), "--postgres", database];
        var run = await CliRun.OfAsync(Acting.Failed, line.StartsWith("archive", StringComparison.Ordinal) ? [.. command, "--to", server.Folder] : command);
        Assert.Contains("There is no store in the database", run.Errors, StringComparison.Ordinal);
        await using var source = NpgsqlDataSource.Create(database);
        await using var tables = source.CreateCommand("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'");
        Assert.Equal(0L, await tables.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("keys list --data")]
    [InlineData("keys rotate key_x --data")]
    [InlineData("keys create --name n --scopes admin --dry-run --data")]
    [InlineData("migrate --to Host=127.0.0.1 --dry-run --from")]
    [InlineData("migrate --to Host=127.0.0.1 --from")]
    public async Task Who_looks_into_an_empty_folder_leaves_it_empty(string line)
    {
        var empty = Directory.CreateDirectory(Path.Combine(server.Folder, Guid.NewGuid().ToString("N"))).FullName;
        await CliRun.OfAsync(Acting.Failed, [.. line.Split(' '), empty]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(empty));
    }

    [Fact]
    public async Task A_backup_whose_keys_somebody_wanted_to_see_can_be_restored()
    {
        await server.RunAsync(0, "backup");
        var backup = Directory.GetDirectories(Path.Combine(server.Folder, "backups")).Order(StringComparer.Ordinal).Last();
        Assert.Contains("is a backup", (await CliRun.OfAsync(Acting.Failed, "keys", "list", "--data", backup)).Errors, StringComparison.Ordinal);
        await CliRun.OfAsync(0, "restore", "--from", backup, "--to", Path.Combine(server.Folder, "looked-at"), "--dry-run");
    }

    [Fact]
    public async Task The_first_key_of_a_database_makes_the_store_of_as_many_partitions_as_it_is_told_and_says_so()
    {
        var database = await postgres.NewDatabaseAsync();
        string[] create = ["keys", "create", "--postgres", database, "--scopes", "admin", "--name"];
        Assert.Contains("is a store of 128 partitions now", (await CliRun.OfAsync(Acting.Done, [.. create, "first", "--partitions", "128"])).Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("partitions", (await CliRun.OfAsync(Acting.Done, [.. create, "second"])).Errors, StringComparison.Ordinal);
        Assert.Contains("has 128 partitions, not 64", (await CliRun.OfAsync(Acting.Failed, [.. create, "third", "--partitions", "64"])).Errors, StringComparison.Ordinal);
        await using (var store = await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database }))
            Assert.Equal((128, false), (store.PartitionCount, store.IsNew));
        Assert.Contains("of 64 partitions", (await CliRun.OfAsync(Acting.Done, "keys", "create", "--postgres", await postgres.NewDatabaseAsync(), "--scopes", "admin", "--name", "n")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_move_of_partitions_is_in_the_audit_log_and_one_that_is_none_is_not()
    {
        var (home, other) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        var options = new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = home, PartitionCount = 2 }, Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = other } };
        await using (await ShardedStore.OpenAsync(options, TestContext.Current.CancellationToken))
        {
            // Made, and closed again.
        }

        string[] move = ["shards", "move", "--postgres", home, "--shard", "b=" + other, "--to", "b", "--partition"];
        await CliRun.OfAsync(Acting.Done, [.. move, "1", "--dry-run"]);
        await CliRun.OfAsync(Acting.Done, [.. move, "1"]);
        await CliRun.OfAsync(Acting.Done, [.. move, "1"]);
        await using var store = await ShardedStore.OpenAsync(options, TestContext.Current.CancellationToken);
        var moved = Assert.Single(await store.Administration.ReadAuditAsync(0, 10, TestContext.Current.CancellationToken));
        Assert.Equal(("partition.moved", "1", "{\"to\":\"b\"}", KeyAdministration.Actor), (moved.Action, moved.Subject, moved.Detail, moved.Actor));
    }

    [Fact]
    public async Task A_move_of_partitions_says_from_where_to_where()
    {
        var (home, other) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        var shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = other };
        await using (await ShardedStore.OpenAsync(new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = home, PartitionCount = 2 }, Shards = shards }, TestContext.Current.CancellationToken))
        {
            // Made, and closed again.
        }

        var shown = (await CliRun.OfAsync(0, "shards", "show", "--postgres", home, "--shard", "b=" + other, "-o", "ndjson")).Rows;
        Assert.Equal([("home", 2, "0-1"), ("b", 0, "")], shown.Select(row => ((string)row["name"]!, (int)row["partitions"]!, (string)row["which"]!)));
        string[] on = ["--postgres", home, "--shard", "b=" + other, "--dry-run"];
        var dry = await CliRun.OfAsync(Acting.Done, ["shards", "move", "--partition", "0,1", "--to", "b", .. on]);
        Assert.Equal(["partition 0: it would move from home to b", "partition 1: it would move from home to b"], dry.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        // And they did not.
        Assert.Contains("it is there", (await CliRun.OfAsync(Acting.Done, ["shards", "move", "--partition", "0", "--to", "home", .. on])).Output, StringComparison.Ordinal);
        await CliRun.OfAsync(Acting.Failed, ["shards", "move", "--partition", "0", "--to", "nowhere", .. on]);
        // A shard's name is bound to its database for good: to no mistyped one by looking.
        var empty = await postgres.NewDatabaseAsync();
        string[] mistyped = ["--postgres", home, "--shard", "b=" + other, "--shard", "c=" + empty];
        foreach (var look in new string[][] { ["shards", "show"], ["shards", "move", "--partition", "0", "--to", "c", "--dry-run"] })
            Assert.Contains("There is no store in the database", (await CliRun.OfAsync(Acting.Failed, [.. look, .. mistyped])).Errors, StringComparison.Ordinal);
    }
}
