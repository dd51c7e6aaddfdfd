using System.Globalization;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Archive;
using Millrace.Storage.Postgres.Shards;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>Days of a real database's journal that become files: ended at every step, held up, damaged.</summary>
public sealed class JournalArchiveTests(PostgresFixture postgres) : IDisposable
{
    private const int Partitions = 4;
    private static readonly DateOnly First = new(2020, 1, 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("home: written")]
    [InlineData("home: verified")]
    [InlineData("home: removing")]
    [InlineData("home: removed")]
    public async Task An_archiver_that_ends_at_any_step_is_gone_on_with_and_nothing_is_lost(string step)
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        var (log, other) = (await WriteDaysAsync(store, options, 0, 3), await WriteDaysAsync(store, options, 1, 3));
        var written = (await store.ReadAllOfAsync(0), await store.ReadAllOfAsync(1));
        await Assert.ThrowsAsync<NotSupportedException>(() => ArchiveAsync(store, after: done => _ = done.StartsWith(step, StringComparison.Ordinal) ? throw new NotSupportedException() : 0));
        JournalAssertions.Same(written.Item1, await ReadWithArchiveAsync(store, 0));

        var report = await ArchiveAsync(store);
        Assert.Null(report.Stays);
        Assert.Equal(2 * 3 * 10 - (step == "home: removed" ? 20 : 0), report.Done.Sum(days => days.Batches));
        Assert.Equal(3, Directory.EnumerateDirectories(_folder.Path).Count());
        Assert.Equal(2, await PostgresFixture.CountAsync(options.Home.ConnectionString, "SELECT count(*) FROM journal"));
        JournalAssertions.Same(written.Item1, await ReadWithArchiveAsync(store, 0));
        JournalAssertions.Same(written.Item2, await ReadWithArchiveAsync(store, 1));
        Assert.Empty((await ArchiveAsync(store)).Done);

        // Recovery and what comes after it know nothing of it.
        Assert.Equal([AppendOutcome.Appended, AppendOutcome.Appended], await store.AppendAsync([log.Next(), other.Next()]));
        Assert.Equal((32, 32), ((await PartitionLog.ClaimAsync(store, 0)).Seq, (await PartitionLog.ClaimAsync(store, 1)).Seq));
        var snapshot = await store.LoadPartitionAsync(0, CancellationToken.None);
        Assert.Equal([32L], (await store.ReadAllOfAsync(0, snapshot.Seq)).Select(batch => batch.FirstSeq));
    }

    [Fact]
    public async Task What_a_recovery_may_need_and_what_is_not_old_enough_stays()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 3);
        var log = await WriteDaysAsync(store, options, 1, 3, checkpointSeq: 15);
        Assert.Single((await DryRunAsync(store)).Done);

        var report = await ArchiveAsync(store);
        Assert.Equal([First], report.Done.Select(days => days.Last));
        Assert.Contains("2020-01-02 and later: partition 1 has no checkpoint behind sequence 20", report.Stays, StringComparison.Ordinal);
        Assert.Equal(11, (await store.ReadAllOfAsync(1, 10))[0].FirstSeq);

        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(1, log.Epoch, 30, ReadOnlyMemory<byte>.Empty, [], [], [])));
        Assert.Equal(2, (await ArchiveAsync(store)).Done.Count);
        Assert.Empty((await ArchiveAsync(store, days: 36_000)).Done);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_and_says_what_would_be_done()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 3);
        var told = await DryRunAsync(store);
        Assert.Equal([10L, 10L, 10L], told.Done.Select(days => days.Batches));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Equal(31, (await store.ReadAllOfAsync(0)).Count);
    }

    [Fact]
    public async Task Days_among_which_the_clock_went_back_are_archived_together()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 3);
        var written = await store.ReadAllOfAsync(0);
        // Some of the first day were written after midnight had passed once.
        await PostgresFixture.ExecuteAsync(options.Home.ConnectionString, "UPDATE journal SET written_on = '2020-01-02' WHERE first_seq = 5; UPDATE journal SET written_on = '2020-01-01' WHERE first_seq = 12");

        var report = await ArchiveAsync(store);
        Assert.Equal([(First, First.AddDays(1)), (First.AddDays(2), First.AddDays(2))], report.Done.Select(days => (days.First, days.Last)));
        JournalAssertions.Same(written, await ReadWithArchiveAsync(store, 0));
    }

    [Fact]
    public async Task Rows_in_the_default_table_are_archived_too()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 2);
        var written = await store.ReadAllOfAsync(0);
        await PostgresFixture.ExecuteAsync(options.Home.ConnectionString, "ALTER TABLE journal DETACH PARTITION journal_20200101; INSERT INTO journal SELECT * FROM journal_20200101; DROP TABLE journal_20200101");
        Assert.Equal(10, await PostgresFixture.CountAsync(options.Home.ConnectionString, "SELECT count(*) FROM journal_other"));

        Assert.Equal(2, (await ArchiveAsync(store)).Done.Count);
        Assert.Equal(0, await PostgresFixture.CountAsync(options.Home.ConnectionString, "SELECT count(*) FROM journal_other"));
        JournalAssertions.Same(written, await ReadWithArchiveAsync(store, 0));
    }

    [Fact]
    public async Task A_file_or_a_log_that_is_damaged_removes_nothing()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 2);
        await Assert.ThrowsAsync<NotSupportedException>(() => ArchiveAsync(store, after: _ => throw new NotSupportedException()));
        var file = Path.Combine(Directory.EnumerateDirectories(_folder.Path).Single(), "batches.gz");
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidDataException>(() => ArchiveAsync(store));
        Assert.Equal(21, (await store.ReadAllOfAsync(0)).Count);

        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        await PostgresFixture.ExecuteAsync(options.Home.ConnectionString, "UPDATE journal SET payload = set_byte(payload, 3, get_byte(payload, 3) # 1) WHERE first_seq = 7");
        await Assert.ThrowsAsync<JournalCorruptException>(() => ArchiveAsync(store));
        Assert.Equal(21, await PostgresFixture.CountAsync(options.Home.ConnectionString, "SELECT count(*) FROM journal"));
        Assert.DoesNotContain(Directory.EnumerateDirectories(_folder.Path), path => !path.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_archiver_that_waits_for_a_backup_holds_no_append_up()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        var log = await WriteDaysAsync(store, options, 0, 1);
        await using var source = NpgsqlDataSource.Create(options.Home.ConnectionString);
        await using var backup = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var reading = await backup.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var read = new NpgsqlCommand("LOCK TABLE journal IN ACCESS SHARE MODE", backup, reading))
            await read.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var isVerified = new TaskCompletionSource();
        var archiving = ArchiveAsync(store, after: step => _ = step == "home: verified 2020-01-01" && isVerified.TrySetResult());
        await isVerified.Task;
        await Millrace.Tests.EndToEnd.Eventually.Async(
            async () => await PostgresFixture.CountAsync(options.Home.ConnectionString, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") > 0, "it waits for the backup");
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
        Assert.False(archiving.IsCompleted);
        await reading.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Single((await archiving).Done);
    }

    [Fact]
    public async Task A_partition_whose_first_days_are_archived_moves_and_is_archived_further_from_there()
    {
        var options = await OptionsAsync() with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() } };
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 2, 3);
        await WriteDaysAsync(store, options, 3, 1);
        var written = await store.ReadAllOfAsync(2);
        await ArchiveAsync(store, after: step => _ = step == "home: removed 2020-01-01" ? throw new NotSupportedException() : 0, isToEnd: false);
        Assert.Equal(21, (await store.ReadAllOfAsync(2, 10)).Count);

        foreach (var target in new[] { "b", "home", "b" })
        {
            Assert.True((await store.MoveAsync(2, target, static _ => { }, CancellationToken.None)).IsMoved);
            await PartitionLog.ClaimAsync(store, 2);
            JournalAssertions.Same(written, await ReadWithArchiveAsync(store, 2));
        }

        var reports = await store.ArchiveAsync(_folder.Path, 1, isDryRun: false, static _ => { }, CancellationToken.None);
        Assert.Equal((0, 2), (reports[0].Done.Sum(days => days.Batches), reports[1].Done.Count));
        JournalAssertions.Same(written, await ReadWithArchiveAsync(store, 2));
        // Nothing but the last batch is left, and that moves too.
        Assert.True((await store.MoveAsync(2, "home", static _ => { }, CancellationToken.None)).IsMoved);
        var log = await PartitionLog.ClaimAsync(store, 2);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
        JournalAssertions.Same(written, (await ReadWithArchiveAsync(store, 2)).SkipLast(1));

        Directory.Delete(Directory.EnumerateDirectories(_folder.Path, "journal-20200102-*").Single(), recursive: true);
        var missing = await Assert.ThrowsAsync<InvalidDataException>(() => ReadWithArchiveAsync(store, 2));
        Assert.Contains("has partition 2 until 10, and its database goes on after 30", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_was_written_before_a_partition_moved_away_does_no_harm()
    {
        var options = await OptionsAsync() with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() } };
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 0, 1);
        await WriteDaysAsync(store, options, 1, 2);
        var written = (await store.ReadAllOfAsync(0), await store.ReadAllOfAsync(1));
        await Assert.ThrowsAsync<NotSupportedException>(() => ArchiveAsync(store, after: _ => throw new NotSupportedException()));
        Assert.True((await store.MoveAsync(1, "b", static _ => { }, CancellationToken.None)).IsMoved);
        await PartitionLog.ClaimAsync(store, 1);

        var reports = await store.ArchiveAsync(_folder.Path, 1, isDryRun: false, static _ => { }, CancellationToken.None);
        // Of the second day home had only the partition that has left: its table goes, and there is nothing to keep.
        Assert.Equal([10L, 0L], reports[0].Done.Select(days => days.Batches));
        Assert.Equal([10L, 10L], reports[1].Done.Select(days => days.Batches));
        JournalAssertions.Same(written.Item1, await ReadWithArchiveAsync(store, 0));
        JournalAssertions.Same(written.Item2, await ReadWithArchiveAsync(store, 1));
    }

    // As after a restore of home to a moment before the move.
    [Fact]
    public async Task A_partition_in_two_databases_is_a_violation_and_its_log_begins_where_the_map_has_it()
    {
        var options = await OptionsAsync() with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() } };
        await using var store = await ShardedStore.OpenAsync(options);
        await WriteDaysAsync(store, options, 2, 2);
        await ArchiveAsync(store);
        await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None);
        var start = Assert.Single(await store.ReadArchivedAsync(CancellationToken.None));
        await PostgresFixture.ExecuteAsync(options.Home.ConnectionString, """
            INSERT INTO partition_head (partition, epoch, owner, released, seq, chain) VALUES (2, 1, '', true, 10, decode(repeat('11', 16), 'hex'));
            INSERT INTO journal_archived (partition, seq, chain) VALUES (2, 10, decode(repeat('11', 16), 'hex'))
            """);

        await using var opened = await ShardedStore.OpenAsync(options);
        Assert.Equal(start, Assert.Single(await opened.ReadArchivedAsync(CancellationToken.None)));
        var report = await StoreVerification.RunPostgresAsync(options.Home.ConnectionString, null, CancellationToken.None, shards: options.Shards, tell: static _ => { });
        Assert.Contains(report.Violations, found => found.Invariant == 10 && found.What.Contains("partition 2 should be in b and is in home and b", StringComparison.Ordinal));
    }

    private async Task<ShardedStoreOptions> OptionsAsync() => new()
    {
        Home = new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), PartitionCount = Partitions },
        Shards = new Dictionary<string, string>(StringComparer.Ordinal),
    };

    // Ten batches of one record a day, and one of today.
    private static async Task<PartitionLog> WriteDaysAsync(ShardedStore store, ShardedStoreOptions options, int partition, int days, long? checkpointSeq = null)
    {
        var log = await PartitionLog.ClaimAsync(store, partition);
        for (var i = 0; i <= days * 10; i++)
            await store.AppendAsync([log.Next()]);
        for (var day = 0; day < days; day++)
        {
            await PostgresFixture.ExecuteAsync(options.Home.ConnectionString, string.Create(CultureInfo.InvariantCulture, $"""
                CREATE TABLE IF NOT EXISTS journal_{First.AddDays(day):yyyyMMdd} PARTITION OF journal FOR VALUES FROM ('{First.AddDays(day):yyyy-MM-dd}') TO ('{First.AddDays(day + 1):yyyy-MM-dd}');
                UPDATE journal SET written_on = '{First.AddDays(day):yyyy-MM-dd}' WHERE partition = {partition} AND first_seq BETWEEN {day * 10 + 1} AND {day * 10 + 10};
                """));
        }

        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(partition, log.Epoch, checkpointSeq ?? log.Seq, ReadOnlyMemory<byte>.Empty, [], [], [])));
        return log;
    }

    private async Task<ArchiveReport> ArchiveAsync(ShardedStore store, int days = 1, Action<string>? after = null, bool isToEnd = true)
    {
        try
        {
            return (await store.ArchiveAsync(_folder.Path, days, isDryRun: false, after ?? (static _ => { }), CancellationToken.None))[0];
        }
        catch (NotSupportedException) when (!isToEnd)
        {
            return new ArchiveReport([], null);
        }
    }

    private async Task<ArchiveReport> DryRunAsync(ShardedStore store) =>
        (await store.ArchiveAsync(_folder.Path, 1, isDryRun: true, static _ => { }, CancellationToken.None))[0];

    private async Task<List<PartitionBatch>> ReadWithArchiveAsync(ShardedStore store, int partition)
    {
        var starts = await store.ReadArchivedAsync(CancellationToken.None);
        var batches = new List<PartitionBatch>();
        await foreach (var batch in store.ReadArchiveAsync(_folder.Path, starts, CancellationToken.None))
        {
            if (batch.Partition == partition)
                batches.Add(batch);
        }

        batches.AddRange(await store.ReadAllOfAsync(partition, starts.GetValueOrDefault(partition).Seq));
        return batches;
    }
}
