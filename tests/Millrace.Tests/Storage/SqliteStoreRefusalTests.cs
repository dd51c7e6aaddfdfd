using System.Globalization;
using Microsoft.Data.Sqlite;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Cli.Commands;
using Xunit;

namespace Millrace.Tests.Storage;

public sealed class SqliteStoreRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SqliteStoreOptions Options => new() { DataDirectory = _folder["data"] };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_partition_count_is_fixed_at_creation_and_taken_from_the_store()
    {
        await using (var store = SqliteStore.Open(Options with { PartitionCount = 12 }))
            Assert.True(store.IsDurable);
        Refused("12 partitions, not 13", Options with { PartitionCount = 13 });
        await using var again = SqliteStore.Open(Options);
        Assert.Equal(12, again.PartitionCount);
    }

    [Fact]
    public async Task A_new_store_has_64_partitions_and_says_what_it_uses()
    {
        await using var store = SqliteStore.Open(Options);
        Assert.Equal(64, store.PartitionCount);
        Assert.True(Version.Parse(SqliteStore.LibraryVersion) >= new Version(3, 51, 3));
        Assert.True(await store.DiskBytesAsync() > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4097)]
    public void A_count_out_of_range_is_refused(int count) => Refused("1 to 4096", Options with { PartitionCount = count });

    [Fact]
    public async Task A_folder_in_use_is_refused_and_names_the_process()
    {
        await using (var store = SqliteStore.Open(Options))
            Refused($"in use by another process ({Environment.ProcessId.ToString(CultureInfo.InvariantCulture)})", Options);
        await using var free = SqliteStore.Open(Options);
    }

    [Fact]
    public void A_folder_with_foreign_files_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(Options.DataDirectory);
        File.WriteAllText(_folder["data/thesis.doc"], "x");
        Refused("thesis.doc", Options);
        Assert.Single(Directory.EnumerateFileSystemEntries(Options.DataDirectory));
    }

    [Fact]
    public void A_file_of_that_name_that_is_no_store_is_refused()
    {
        Directory.CreateDirectory(Options.DataDirectory);
        File.WriteAllText(_folder["data/millrace.journal.db"], new string('x', 5000));
        Refused("not a Millrace store", Options);
    }

    [Fact]
    public void A_database_of_another_application_is_refused()
    {
        Directory.CreateDirectory(Options.DataDirectory);
        Sql("CREATE TABLE t (x)");
        Refused("not a Millrace store", Options);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await SqliteStore.Open(Options).DisposeAsync();
        Sql("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_future.sql', '2030-01-01')");
        Refused("newer Millrace (schema 9999_future.sql)", Options);
    }

    [Fact]
    public async Task Who_only_looks_leaves_an_earlier_schema_as_it_is()
    {
        await SqliteStore.Open(Options).DisposeAsync();
        await SqliteStore.Open(Options with { MayUpgrade = false }).DisposeAsync();
        Sql("UPDATE SchemaVersions SET ScriptName = '0000_before.additive.sql' WHERE SchemaVersionID = (SELECT max(SchemaVersionID) FROM SchemaVersions)");
        var scripts = SqliteFile.Count(_folder["data/millrace.journal.db"], "SchemaVersions");
        Refused("written by an earlier Millrace", Options with { MayUpgrade = false });
        var doctor = await CliRun.OfAsync(1, "doctor", "--data", Options.DataDirectory);
        Assert.Contains("written by an earlier Millrace", doctor.Output + doctor.Errors, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreRefusedException>(() => StoreVerification.RunAsync(Options.DataDirectory, null, TestContext.Current.CancellationToken, mayUpgrade: false));
        Assert.Equal(scripts, SqliteFile.Count(_folder["data/millrace.journal.db"], "SchemaVersions"));
    }

    [Fact]
    public async Task Who_only_looks_makes_no_store_and_takes_a_lost_read_model_for_no_earlier_one()
    {
        Refused("no store", Options with { MayUpgrade = false });
        Assert.False(Directory.Exists(Options.DataDirectory));
        await SqliteStore.Open(Options).DisposeAsync();
        File.Delete(_folder["data/millrace.readmodel.db"]);
        await SqliteStore.Open(Options with { MayUpgrade = false }).DisposeAsync();
    }

    [Fact]
    public async Task A_newer_schema_that_only_adds_something_is_opened()
    {
        await SqliteStore.Open(Options).DisposeAsync();
        Sql("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_future.additive.sql', '2030-01-01')");
        await SqliteStore.Open(Options).DisposeAsync();
    }

    [Fact]
    public async Task A_read_model_of_another_store_is_refused()
    {
        await SqliteStore.Open(Options).DisposeAsync();
        await SqliteStore.Open(Options with { DataDirectory = _folder["other"] }).DisposeAsync();
        File.Copy(_folder["other/millrace.readmodel.db"], _folder["data/millrace.readmodel.db"], overwrite: true);
        Refused("belongs to another store", Options);
    }

    [Fact]
    public async Task A_read_model_without_its_journal_is_refused()
    {
        await SqliteStore.Open(Options).DisposeAsync();
        File.Delete(_folder["data/millrace.journal.db"]);
        Refused("but no millrace.journal.db", Options);
        Assert.False(File.Exists(_folder["data/millrace.journal.db"]));
    }

    [Fact]
    public void A_folder_of_the_layout_in_one_file_is_no_new_store()
    {
        Directory.CreateDirectory(Options.DataDirectory);
        File.WriteAllText(_folder["data/millrace.db"], "");
        Refused("has millrace.db but no millrace.journal.db", Options);
    }

    [Fact]
    public async Task Less_than_full_durability_needs_its_flag()
    {
        var unsafeOptions = Options with { Synchronous = SqliteSynchronous.Off };
        Refused("explicit flag", unsafeOptions);
        await using var store = SqliteStore.Open(unsafeOptions with { AllowUnsafeDurability = true });
        Assert.False(store.IsDurable);
    }

    private static void Refused(string because, SqliteStoreOptions options)
    {
        var refusal = Assert.ThrowsAny<StoreRefusedException>(() => SqliteStore.Open(options));
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private void Sql(string sql) => SqliteFile.Execute(_folder["data/millrace.journal.db"], sql);
}

/// <summary>The database as an outsider sees it; the store must be closed.</summary>
internal static class SqliteFile
{
    public static void Execute(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long Count(string path, string table)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    public static void Change(string path, long position, Func<byte[], byte[]> change)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT batches FROM journal WHERE position = {position}";
        var row = (byte[])command.ExecuteScalar()!;
        command.CommandText = $"UPDATE journal SET batches = $row WHERE position = {position}";
        command.Parameters.AddWithValue("$row", change(row));
        command.ExecuteNonQuery();
    }
}
