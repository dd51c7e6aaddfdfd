using System.Globalization;
using Millrace.Api.Keys;
using Millrace.Cli.Children;
using Millrace.Tests.Api;
using Millrace.Tests.Storage;
using Npgsql;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A real node over a real primary, with a real standby for its lists.</summary>
[Collection(OwnProcesses.Name)]
public sealed class ReplicaListTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private PostgresServer _primary = null!;
    private PostgresServer _standby = null!;
    private ServerSettings _settings = null!;
    private ServerProcess _node = null!;
    private ApiClient _api = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _primary = await PostgresServer.StartAsync(cancellation: Cancellation);
        var database = await _primary.CreateDatabaseAsync("lists", Cancellation);
        _standby = await PostgresServer.BaseBackupOfAsync(_primary, Cancellation);
        await _standby.FollowAsync(_primary, Cancellation);
        var replica = new NpgsqlConnectionStringBuilder(database) { Port = _standby.Port }.ConnectionString;
        _settings = new ServerSettings(_folder["node"]) { More = ["--postgres", database, "--postgres-replica", replica, "--partitions", "4"] };
        var key = NewKey.OfDatabase(database, "acme", Scopes.Admin, partitions: 4);
        _node = await ServerProcess.StartAsync(_settings);
        _api = new ApiClient(_settings.Address, key);
        Assert.Equal(201, (await _api.SendAsync("PUT", "/v1/items/mug", Bodies.Item())).Status);
        Assert.Equal(200, (await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("mug", 1_000), "receipt")).Status);
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (_node is not null)
            await _node.DisposeAsync();
        if (_standby is not null)
            await _standby.DisposeAsync();
        if (_primary is not null)
            await _primary.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_list_is_read_from_the_replica_unless_its_reader_has_seen_more()
    {
        var first = await PlaceAsync();
        await Eventually.Async(async () => VersionOf(await ListAsync(), first) == Version(first), "the replica shows the first order");
        await CountedAsync("replica");

        await _standby.ExecuteAsync("SELECT pg_wal_replay_pause()", Cancellation);
        await Eventually.Async(async () => await _standby.ExecuteAsync("SELECT pg_get_wal_replay_pause_state()", Cancellation) is "paused", "the standby stands still");
        var second = await PlaceAsync();
        var stale = await ListAsync();
        Assert.Equal([first.Id()], Ids(stale));
        Assert.True(Time(stale, "as_of") < Time(second, "placed_at"));
        Assert.Equal([first.Id()], Ids(await ListAsync(Token(first))));
        Assert.Equal([second.Id(), first.Id()], Ids(await ListAsync(Token(first), Token(second))));
        var canceled = await _api.PostAsync($"/v1/orders/{first.Id()}/cancel", "{}", "cancel");
        Assert.Equal(200, canceled.Status);
        Assert.True(VersionOf(await ListAsync(Token(canceled)), first) >= Version(canceled));
        Assert.Equal(Version(first), VersionOf(await ListAsync(), first));
        await CountedAsync("replica_behind");

        await _standby.ExecuteAsync("SELECT pg_wal_replay_resume()", Cancellation);
        await ShownByReplicaAsync(canceled, second);

        await _standby.KillAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal([second.Id(), first.Id()], Ids(await ListAsync()));
        Assert.Single(_node.Process.Errors, line => line.Contains("The replica for lists is away", StringComparison.Ordinal));
        await CountedAsync("replica_away");

        // The primary's turn: what the replica has is still shown, and what it lacks is not passed over in silence.
        await _standby.RunAsync(Cancellation);
        var third = await PlaceAsync();
        await Eventually.Async(async () => (await ListAsync()).Status == 200 && _node.Process.Errors.Any(line => line.Contains("The replica for lists is back", StringComparison.Ordinal)), "the replica is asked again");
        await ShownByReplicaAsync(canceled, second, third);
        await _primary.KillAsync();
        Assert.Equal([third.Id(), second.Id(), first.Id()], Ids(await ListAsync(Token(canceled), Token(third))));
        (await _api.GetAsync("/v1/orders", $"Consistency-Token: {first.Id()}.1000")).Problem(503, "unavailable");
        (await _api.GetAsync("/v1/orders?external_id=none")).Problem(503, "unavailable");
    }

    /// <summary>While the replica is there, whoever has seen nothing reads it.</summary>
    private Task ShownByReplicaAsync(params ApiAnswer[] seen) => Eventually.AsyncOf(
        () => ListAsync(), list => seen.All(order => VersionOf(list, order) >= Version(order)), "the replica has caught up");

    private static int Version(ApiAnswer order) => (int)order["version"];

    private static int? VersionOf(ApiAnswer list, ApiAnswer order) =>
        list["data"].AsArray().Where(o => (string)o!["id"]! == order.Id()).Select(o => (int?)o!["version"]).SingleOrDefault();

    private static string Token(ApiAnswer answer) => answer.Header("Consistency-Token")!;

    private static string[] Ids(ApiAnswer list) => [.. list["data"].AsArray().Select(order => (string)order!["id"]!)];

    private static DateTimeOffset Time(ApiAnswer answer, string name) => DateTimeOffset.Parse(answer.Text(name), CultureInfo.InvariantCulture);

    private async Task<ApiAnswer> PlaceAsync()
    {
        var placed = await _api.PlaceAsync(Bodies.Order("mug").ToJsonString(), Guid.NewGuid().ToString(), "Prefer: wait=30");
        Assert.Equal(201, placed.Status);
        return placed;
    }

    private Task<ApiAnswer> ListAsync(params string[] tokens) =>
        _api.GetAsync("/v1/orders", tokens.Length == 0 ? [] : ["Consistency-Token: " + string.Join(", ", tokens)]);

    // A scrape may be that of a moment ago.
    private Task CountedAsync(string outcome) => Eventually.AsyncOf(
        async () => (await _api.GetAsync("/metrics")).Body,
        metrics => metrics.Split('\n').Any(line => line.StartsWith("millrace_lists_read", StringComparison.Ordinal) && line.Contains($"outcome=\"{outcome}\"", StringComparison.Ordinal)),
        $"{outcome} is counted");
}
