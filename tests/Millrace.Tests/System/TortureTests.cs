using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The short forms of <c>millrace torture</c>. Mostly they wait, so they run beside the other tests that start processes.</summary>
public sealed class TortureTests(PostgresFixture postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_that_is_tortured_loses_nothing()
    {
        var result = await MillraceCommand.RunAsync(0, "torture", "node", "--kills", "3", "--seconds", "3", "--clients", "2", "--json", "-", "--data", _folder["torture"]);
        Assert.Equal((3, 0, 0, 0, 0), ((int)result["kills"]!, (int)result["lost"]!, (int)result["double_charges"]!, (int)result["oversold"]!, (int)result["violations"]!));
        Assert.True((int)result["acknowledged"]! > 0 && (int)result["confirmed"]! > 0 && result["rejected"] is not null && (double)result["ready_p99_ms"]! > 0);

        // What it leaves behind moves to PostgreSQL whole, and a second time changes nothing.
        var database = await postgres.NewDatabaseAsync();
        for (var time = 0; time < 2; time++)
        {
            var moved = await MillraceCommand.RunAsync(0, "migrate-store", "--from", Path.Combine(_folder["torture"], "node"), "--to", database, "--json", "-");
            Assert.Equal(((int)result["acknowledged"]!, 0), ((int)moved["orders"]!, (int)moved["violations"]!));
        }

        // With its key: no merchant has to be given another.
        await using var keys = await Millrace.Cli.Keys.KeyAdministration.OpenAsync(null, database, TestContext.Current.CancellationToken);
        Assert.Equal("torture", Assert.Single(keys.Keys.List()).Client);
    }

    [Fact]
    public async Task A_cluster_that_is_tortured_loses_nothing()
    {
        var result = await MillraceCommand.RunAsync(0, "torture", "cluster", "--faults", "5", "--partitions", "16", "--clients", "2", "--json", "-", "--data", _folder["cluster"]);
        Assert.Equal((1, 1, 1, 2), ((int)result["kills"]!, (int)result["pauses"]!, (int)result["restarts"]!, (int)result["cut_offs"]!));
        Assert.Equal((0, 0, 0, 0), ((int)result["lost"]!, (int)result["double_charges"]!, (int)result["oversold"]!, (int)result["violations"]!));
        Assert.True((int)result["acknowledged"]! > 0 && (int)result["confirmed"]! > 0 && (double)result["failover_p99_ms"]! > 0 && (double)result["failover_p50_ms"]! > 0 && (double)result["cut_off_p99_ms"]! > 0);
    }

    [Fact]
    public async Task A_database_whose_primary_dies_loses_nothing_that_was_acknowledged()
    {
        var result = await MillraceCommand.RunAsync(0, "torture", "failover", "--failovers", "1", "--clients", "2", "--json", "-", "--data", _folder["failover"]);
        Assert.Equal((1, 0, 0, 0, 0), ((int)result["failovers"]!, (int)result["lost"]!, (int)result["double_charges"]!, (int)result["oversold"]!, (int)result["violations"]!));
        Assert.True((int)result["acknowledged"]! > 0 && (double)result["longest_pause_ms"]! > 0, result.ToJsonString());
    }

    [Fact]
    public async Task Partitions_that_are_moved_between_databases_under_load_lose_nothing()
    {
        var result = await MillraceCommand.RunAsync(0, "torture", "shards", "--moves", "5", "--clients", "2", "--json", "-", "--data", _folder["shards"]);
        // The second and the fifth; one that came too late is made up for by the next, which the fifth has not.
        Assert.Equal(5, (int)result["moves"]!);
        Assert.InRange((int)result["kills"]!, 1, 2);
        Assert.Equal((0, 0, 0, 0), ((int)result["lost"]!, (int)result["double_charges"]!, (int)result["oversold"]!, (int)result["violations"]!));
        Assert.True((int)result["acknowledged"]! > 0 && (int)result["confirmed"]! > 0 && (double)result["pause_p50_ms"]! > 0 && (double)result["pause_p99_ms"]! > 0);
    }
}
