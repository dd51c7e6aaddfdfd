using Millrace.Cli.Stores;
using Millrace.Cli.Verify;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Tests.Cli.Auditing;
using Millrace.Tests.Domain;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Cli.Stores;

/// <summary>A real SQLite store's way to a real database, in pieces that an interruption does not undo.</summary>
public sealed class StoreMigrationTests(PostgresFixture postgres)
{
    private const int Piece = 20;
    private const int MostOfBatch = 100;

    // Writes down each place that a checkpoint reaches; the third fails.
    private const string Watch = """
        CREATE TABLE reached (id bigserial, partition int, seq bigint, run int);
        CREATE TABLE run (number int);
        INSERT INTO run VALUES (1);
        CREATE FUNCTION reach() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT number FROM run) = 1 AND (SELECT count(*) FROM reached) = 2 THEN
                RAISE EXCEPTION 'stopped';
            END IF;
            INSERT INTO reached (partition, seq, run) SELECT new.partition, new.seq, number FROM run;
            RETURN new;
        END $$;
        CREATE TRIGGER reach BEFORE UPDATE OF seq ON checkpoint FOR EACH ROW EXECUTE FUNCTION reach()
        """;

    [Fact]
    public async Task A_long_log_is_replayed_in_pieces_and_another_run_goes_on_behind_them()
    {
        await using var shop = await AuditedShop.StartAsync();
        var orders = new List<OrderId>();
        for (var i = 0; i < 40; i++)
            orders.Add(await shop.PlaceAsync($"order {i}", Given.Line("tea")));
        foreach (var order in orders)
            await shop.SettledAsync(order);
        await shop.StopAsync();
        var database = await postgres.NewDatabaseAsync();
        await using var target = await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database, PartitionCount = AuditedShop.Partitions });
        await PostgresFixture.ExecuteAsync(database, Watch);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => MigrateAsync(shop, target));
        await PostgresFixture.ExecuteAsync(database, "UPDATE run SET number = 2");
        await MigrateAsync(shop, target);

        // Each a piece behind the one before, also over the interruption; a piece ends with a batch.
        Assert.Equal(0, await PostgresFixture.CountAsync(database, $"""
            SELECT count(*) FROM (SELECT seq - lag(seq, 1, 0::bigint) OVER (PARTITION BY partition ORDER BY id) AS gained FROM reached) r
            WHERE gained NOT BETWEEN 1 AND {Piece + MostOfBatch}
            """));
        Assert.InRange(await PostgresFixture.CountAsync(database, "SELECT count(*) FROM reached"), 10, 1_000);
        Assert.Equal(2, await PostgresFixture.CountAsync(database, "SELECT count(*) FROM reached WHERE run = 1"));
        Assert.Equal(orders.Order(), (await target.ListOrdersAsync(new OrderQuery(null, null, 1_000), CancellationToken.None)).Rows.Select(row => row.Id).Order());
        var report = await StoreVerification.RunPostgresAsync(database, null, CancellationToken.None);
        Assert.True(report.ViolationCount == 0, string.Join('\n', report.Violations));
    }

    private static Task MigrateAsync(AuditedShop shop, PostgresStore target) =>
        new StoreMigration(shop.Store, target) { MostRecords = Piece }.RunAsync(CancellationToken.None);
}
