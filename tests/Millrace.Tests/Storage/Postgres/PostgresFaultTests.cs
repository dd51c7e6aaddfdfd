using System.Collections.Concurrent;
using System.Net;
using Millrace.Cli.Children;
using Millrace.Cli.Torture;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>What a real server does that a compliance suite cannot ask for: it dies, is set up unsafely, holds locks, and has its rows damaged.</summary>
public sealed class PostgresFaultTests(PostgresFixture postgres)
{
    private const int Partitions = 4;

    [Fact]
    public async Task A_server_that_dies_is_gone_on_with_when_it_is_back()
    {
        await using var server = await PostgresServer.StartAsync(null, TestContext.Current.CancellationToken);
        await using var store = await OpenAsync(await server.CreateDatabaseAsync("m", TestContext.Current.CancellationToken));
        var log = await PartitionLog.ClaimAsync(store, 0);
        await store.AppendAsync([log.Next()]);
        await server.KillAsync();

        var fault = await Assert.ThrowsAnyAsync<Exception>(async () => await store.AppendAsync([log.Next()]));
        Assert.True(fault is StoreUnavailableException or AmbiguousCommitException, fault.ToString());
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.ClaimAsync(0, "b", CancellationToken.None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.LoadPartitionAsync(0, CancellationToken.None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.ConfirmAsync([(0, 1)], CancellationToken.None));

        await server.RunAsync(TestContext.Current.CancellationToken);
        var again = await PartitionLog.ClaimAsync(store, 0);
        Assert.Equal((2, 1), (again.Epoch, again.Seq));
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([again.Next()]));
        Assert.Equal(2, (await store.ReadAllOfAsync(0)).Count);
    }

    [Theory]
    [InlineData("fsync")]
    [InlineData("full_page_writes")]
    [InlineData("synchronous_commit")]
    public async Task A_server_that_can_lose_commits_is_refused_unless_that_is_allowed(string setting)
    {
        await using var server = await PostgresServer.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { [setting] = "off" }, TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(server.ConnectionString));
        Assert.Contains($"{setting} = off", refused.Message, StringComparison.Ordinal);
        await using var store = await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = server.ConnectionString, AllowUnsafeDurability = true });
        Assert.False(store.IsDurable);
    }

    [Fact]
    public async Task A_database_whose_encoding_cannot_hold_every_text_is_refused()
    {
        var settings = new NpgsqlConnectionStringBuilder(await postgres.NewDatabaseAsync());
        var database = settings.Database + "_latin";
        await ExecuteAsync(settings.ConnectionString, $"CREATE DATABASE {database} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        settings.Database = database;
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(settings.ConnectionString));
        Assert.Contains("LATIN1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_the_database_will_never_take_is_told_from_one_that_it_cannot_take_now()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        var log = await PartitionLog.ClaimAsync(store, 0);
        await store.AppendAsync([log.Next()]);
        // Its text has the one character that PostgreSQL has none for.
        var row = new OrderRow(OrderId.Create(1_000, 0, 1), TenantId.Parse("acme"), OrderStatus.Pending, 1, "a\0b", null, null, new byte[] { 1 });
        var checkpoint = new PartitionCheckpoint(0, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty, [row], [], []);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => store.CheckpointAsync(checkpoint).AsTask());
        Assert.Contains("22021", refused.Message, StringComparison.Ordinal);

        // Whoever is no owner any more learns that first.
        await PartitionLog.ClaimAsync(store, 0);
        Assert.False(await store.CheckpointAsync(checkpoint));
    }

    [Theory]
    [InlineData("Host=db;Command Timeout=30", 5)]
    [InlineData("Host=db;Timeout=9", 9)]
    [InlineData("Host=db;TIMEOUT=9", 9)]
    [InlineData("Host=db;Password=Timeout", 5)]
    public void A_connection_is_given_up_after_five_seconds_unless_the_operator_says_otherwise(string given, int seconds)
    {
        using var source = Connections.Source(given, "read", most: 1);
        Assert.Equal(seconds, new NpgsqlConnectionStringBuilder(source.ConnectionString).Timeout);
    }

    [Fact]
    public async Task Names_of_a_large_partition_are_read_piece_by_piece_and_none_is_missed()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        const int Names = 120_001;
        await ExecuteAsync(database, $"INSERT INTO name (partition, hash, order_id) SELECT i % 2, md5((i / 2)::text)::uuid, md5('order' || i)::uuid FROM generate_series(0, {2 * Names - 1}) AS i");
        var read = new List<UInt128>();
        await store.ReadNamesAsync(1, read.Add, CancellationToken.None);
        Assert.Equal((Names, Names), (read.Count, read.Distinct().Count()));
    }

    [Fact]
    public async Task A_checkpoint_of_what_was_written_days_ago_is_stored()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        var log = await PartitionLog.ClaimAsync(store, 0);
        await store.AppendAsync([log.Next()]);
        await ExecuteAsync(database, "UPDATE journal SET written_on = current_date - 30");
        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(0, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty, [], [], [])));
        Assert.Equal(log.Seq, (await store.LoadPartitionAsync(0, CancellationToken.None)).Seq);
    }

    [Fact]
    public async Task Without_a_standby_nothing_is_acknowledged_where_a_replica_is_required()
    {
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(async () =>
            await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), RequireReplica = true }));
        Assert.Contains("synchronous_standby_names", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_for_a_standby_that_is_broken_off_is_no_success()
    {
        // The standby does not exist: every commit waits for it, until somebody breaks off the wait, which the server tells as a warning and a success.
        await using var server = await PostgresServer.StartAsync(null, TestContext.Current.CancellationToken);
        var database = await server.CreateDatabaseAsync("m", TestContext.Current.CancellationToken);
        // Which must not be able to keep that warning from us.
        await ExecuteAsync(server.ConnectionString, "ALTER DATABASE m SET client_min_messages = error");
        await using var store = await OpenAsync(database);
        var log = await PartitionLog.ClaimAsync(store, 0);
        await store.AppendAsync([log.Next()]);
        // Nor does the server stop our waiting because somebody turns it off for all while our connections last.
        await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET synchronous_commit = off");
        await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
        await UntilAsync(server.ConnectionString, "SELECT current_setting('synchronous_standby_names') = 'nobody'");

        // Until the checkpointer of the server has heard of it too, no commit waits.
        var appending = Task.CompletedTask;
        await Millrace.Tests.EndToEnd.Eventually.Async(async () =>
        {
            if (appending.IsCompletedSuccessfully)
                appending = store.AppendAsync([log.Next()]).AsTask();
            return await AskAsync(server.ConnectionString, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        }, "a commit waits");
        await ExecuteAsync(server.ConnectionString, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        await Assert.ThrowsAsync<AmbiguousCommitException>(() => appending);

        await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM RESET synchronous_standby_names");
        await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
        await UntilAsync(server.ConnectionString, "SELECT current_setting('synchronous_standby_names') = ''");
        Assert.Equal(log.Seq, (await PartitionLog.ClaimAsync(store, 0)).Seq);
    }

    [Fact]
    public async Task A_server_that_stops_waiting_for_standbys_gets_nothing_acknowledged_where_a_replica_is_required()
    {
        await using var server = await PostgresServer.StartAsync(null, TestContext.Current.CancellationToken);
        var database = await server.CreateDatabaseAsync("m", TestContext.Current.CancellationToken);
        var folder = await PostgresPrograms.NewFolderAsync(TestContext.Current.CancellationToken);
        await using (Child.Start(PostgresPrograms.Command("pg_receivewal", ["-d", $"host=127.0.0.1 port={server.Port} user=postgres", "-D", folder, "--synchronous"])))
        {
            await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET synchronous_standby_names = '*'");
            await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
            await UntilAsync(server.ConnectionString, "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'");
            await using var store = await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = Partitions, RequireReplica = true });
            var log = await PartitionLog.ClaimAsync(store, 0);
            Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));

            await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM RESET synchronous_standby_names");
            await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
            await UntilAsync(server.ConnectionString, "SELECT current_setting('synchronous_standby_names') = ''");
            await Assert.ThrowsAsync<AmbiguousCommitException>(async () => await store.AppendAsync([log.Next()]));
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.ClaimAsync(0, "a", CancellationToken.None));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_commit_that_is_not_answered_is_given_up_and_its_partition_claimed_again()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new PostgresStoreOptions
        {
            ConnectionString = database, PartitionCount = Partitions, CommitPatience = TimeSpan.FromMilliseconds(300),
        });
        var log = await PartitionLog.ClaimAsync(store, 0);
        await using (var holder = new NpgsqlConnection(database))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var hold = new NpgsqlCommand("SELECT 1 FROM partition_head WHERE partition = 0 FOR UPDATE", holder);
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await Assert.ThrowsAsync<AmbiguousCommitException>(async () => await store.AppendAsync([log.Next()]));
        }

        // It was waiting for the lock, and is made now: the claim waits for it, and sees it.
        var again = await PartitionLog.ClaimAsync(store, 0);
        Assert.Equal(again.Seq, (await store.ReadAllOfAsync(0)).Count);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([again.Next()]));
    }

    [Fact]
    public async Task A_session_of_a_node_that_stands_still_does_not_keep_others_from_claiming()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        await using var stuck = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { ApplicationName = "millrace commit", Pooling = false }.ConnectionString);
        await stuck.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await stuck.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("SELECT 1 FROM partition_head WHERE partition = 1 FOR UPDATE", stuck);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Assert.Equal(1, (await store.ClaimAsync(1, "a", CancellationToken.None)).Epoch);
                break;
            }
            catch (StoreUnavailableException) when (attempt < 5)
            {
                // It says so, and the next attempt finds the way free.
            }
        }
    }

    [Theory]
    [InlineData("UPDATE journal SET payload = set_byte(payload, 3, get_byte(payload, 3) # 1) WHERE partition = 0 AND first_seq = 2", 2)]
    [InlineData("DELETE FROM journal WHERE partition = 0 AND first_seq = 2", 2)]
    [InlineData("DELETE FROM journal WHERE partition = 0 AND first_seq = 3", 3)]
    [InlineData("UPDATE journal SET chain = previous WHERE partition = 0 AND first_seq = 1", 1)]
    [InlineData("UPDATE journal SET last_seq = 9 WHERE partition = 0 AND first_seq = 3", 3)]
    [InlineData("UPDATE partition_head SET chain = decode(repeat('11', 16), 'hex') WHERE partition = 0", 3)]
    public async Task Damage_halts_the_partition_at_its_place_and_no_other(string damage, long at)
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        var (log, other) = (await PartitionLog.ClaimAsync(store, 0), await PartitionLog.ClaimAsync(store, 1));
        for (var i = 0; i < 3; i++)
            await store.AppendAsync([log.Next(), other.Next()]);
        await ExecuteAsync(database, damage);

        var found = await Assert.ThrowsAsync<JournalCorruptException>(() => store.ReadAllOfAsync(0));
        Assert.Equal((0, at), (found.Partition, found.Seq));
        Assert.Equal(3, (await store.ReadAllOfAsync(1)).Count);
    }

    [Fact]
    public async Task A_store_of_another_number_of_partitions_or_a_newer_format_is_refused()
    {
        var database = await postgres.NewDatabaseAsync();
        await using (var store = await OpenAsync(database))
            Assert.Equal(Partitions, store.PartitionCount);
        await Assert.ThrowsAsync<StoreRefusedException>(() => PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = 8 }));
        await ExecuteAsync(database, "UPDATE store SET payload_format = 99");
        await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(database));
        // During a rolling upgrade: what a script of the new version has only added is no matter of the old one's.
        await ExecuteAsync(database, "UPDATE store SET payload_format = 1; INSERT INTO schema_version (scriptname, applied) VALUES ('Postgres/9998_more.additive.sql', now())");
        await (await OpenAsync(database)).DisposeAsync();
        await ExecuteAsync(database, "INSERT INTO schema_version (scriptname, applied) VALUES ('Postgres/9999_of_the_future.sql', now())");
        var newer = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(database));
        Assert.Contains("newer", newer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_stand_in_the_tables_of_their_day_and_month_and_a_wrong_clock_stops_nobody()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        await ExecuteAsync(database, "DO $$ DECLARE t text; BEGIN FOR t IN SELECT c.oid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'r' AND relname !~ 'other' LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $$");
        var log = await PartitionLog.ClaimAsync(store, 0);
        await store.AppendAsync([log.Next()]);
        Assert.True(await AskAsync(database, "SELECT count(*) = 1 FROM journal_other"));

        // Today's rows are in the default table by now: it keeps them, and the days to come get tables of their own.
        await store.PrepareTimePartitionsAsync(TestContext.Current.CancellationToken);
        Assert.True(await AskAsync(database, "SELECT to_regclass('journal_' || to_char(current_date + 1, 'YYYYMMDD')) IS NOT NULL AND to_regclass('orders_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')) IS NOT NULL"));
        await store.AppendAsync([log.Next()]);
        Assert.Equal(2, (await store.ReadAllOfAsync(0)).Count);
    }

    [Fact]
    public async Task A_server_that_falls_silent_holds_nobody_up_and_is_asked_again_on_new_connections()
    {
        var database = new NpgsqlConnectionStringBuilder(await postgres.NewDatabaseAsync());
        await using var proxy = new TcpProxy(new IPEndPoint(IPAddress.Loopback, database.Port));
        database.Port = proxy.Address.Port;
        await using var store = await PostgresStore.OpenAsync(
            new PostgresStoreOptions { ConnectionString = database.ConnectionString, PartitionCount = Partitions, CommitPatience = TimeSpan.FromSeconds(1) });
        var claim = await store.ClaimAsync(0, "a", CancellationToken.None);

        // Those that were there stay silent for ever; those that come later get through.
        var isBack = false;
        var silent = new ConcurrentDictionary<int, bool>();
        proxy.CutOff(CutKind.Holding, port => silent.GetOrAdd(port, _ => !isBack));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ConfirmAsync([(0, claim.Epoch)], CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ClaimAsync(0, "a", CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.FindNameAsync(0, 1, CancellationToken.None).AsTask());
        isBack = true;
        await Eventually.Async(IsConfirmedAsync, "it is asked again");
        Assert.Null(await store.FindNameAsync(0, 1, CancellationToken.None));
        proxy.Heal();

        // A new connection may take longer than the second that is waited here.
        async Task<bool> IsConfirmedAsync()
        {
            try
            {
                return (await store.ConfirmAsync([(0, claim.Epoch)], CancellationToken.None))[0];
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_node_that_starts_while_a_backup_reads_holds_no_append_up()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        var log = await PartitionLog.ClaimAsync(store, 0);
        // As in three days, with pg_dump at work: a table is missing, and the lock that making it needs is not to be had.
        await ExecuteAsync(database, "DO $$ BEGIN EXECUTE 'DROP TABLE journal_' || to_char(current_date + 3, 'YYYYMMDD'); END $$");
        await using var source = NpgsqlDataSource.Create(database);
        await using var backup = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var reading = await backup.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var read = new NpgsqlCommand("LOCK TABLE journal IN ACCESS SHARE MODE", backup, reading))
            await read.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var another = await OpenAsync(database);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
        await reading.RollbackAsync(TestContext.Current.CancellationToken);
        await another.PrepareTimePartitionsAsync(TestContext.Current.CancellationToken);
        Assert.True(await AskAsync(database, "SELECT to_regclass('journal_' || to_char(current_date + 3, 'YYYYMMDD')) IS NOT NULL"));
    }

    [Fact]
    public async Task Lists_that_take_their_time_hold_up_no_order()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        await using var source = NpgsqlDataSource.Create(database);
        await using var slow = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var holding = await slow.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE", slow, holding))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        // More than there are connections for anything that reads.
        var lists = Enumerable.Range(0, 40).Select(_ => store.ListItemsAsync(Given.Acme, "", null, 50, TestContext.Current.CancellationToken).AsTask()).ToList();
        await Eventually.Async(
            () => AskAsync(database, "SELECT count(*) >= 6 FROM pg_stat_activity WHERE application_name = 'millrace list' AND datname = current_database() AND wait_event_type = 'Lock'"), "lists wait");
        Assert.Null(await store.FindNameAsync(0, 7, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(lists, list => list.IsCompleted);
        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.All(await Task.WhenAll(lists), Assert.Empty);
    }

    [Fact]
    public async Task A_store_in_an_earlier_format_is_written_in_it_until_it_is_raised()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var store = await OpenAsync(database);
        await ExecuteAsync(database, "UPDATE store SET payload_format = 1");
        Assert.Equal(1, (await store.ClaimAsync(0, "a", CancellationToken.None)).Format);
    }

    private static Task<PostgresStore> OpenAsync(string database) =>
        PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = Partitions });

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static Task UntilAsync(string database, string question) =>
        Millrace.Tests.EndToEnd.Eventually.Async(() => AskAsync(database, question), question);

    private static async Task<bool> AskAsync(string database, string question)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(question);
        return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
