using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>What cannot be served is refused at the start, in one line that says what to do about it.</summary>
[Collection(Processes.Name)]
public sealed class StartTests(Shop shop, PostgresFixture postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // A provider's address, so that the note about simulated payments is not among the lines.
    private ServerSettings Settings => new(_folder["node"]) { Psp = new Uri("http://127.0.0.1:1") };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_partition_count_than_the_stores()
    {
        await SqliteStore.Open(new SqliteStoreOptions { DataDirectory = Settings.DataDirectory, PartitionCount = 4 }).DisposeAsync();
        await RefusedAsync(Settings with { More = ["--partitions", "8"] }, "4 partitions, not 8");
    }

    [Fact]
    public async Task A_folder_that_another_server_has_open()
    {
        await RefusedAsync(Settings with { DataDirectory = shop.Settings.DataDirectory }, "in use by another process");
        Assert.Equal(200, (await shop.Anonymous.GetAsync("/readyz")).Status);
    }

    [Fact]
    public async Task A_folder_of_something_else()
    {
        Directory.CreateDirectory(Settings.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(Settings.DataDirectory, "thesis.doc"), "x");
        await RefusedAsync(Settings, "thesis.doc");
        Assert.Single(Directory.EnumerateFileSystemEntries(Settings.DataDirectory));
    }

    [Fact]
    public async Task A_file_that_is_no_database()
    {
        Directory.CreateDirectory(Settings.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(Settings.DataDirectory, "millrace.journal.db"), new string('x', 5_000));
        await RefusedAsync(Settings, "not a Millrace store");
    }

    [Fact]
    public Task A_port_that_is_taken() => RefusedAsync(Settings with { Port = shop.Settings.Port }, "address already in use");

    [Fact]
    public Task An_address_of_another_machine() => RefusedAsync(Settings with { Host = "203.0.113.7", More = ["--tls-in-front"] }, "Cannot assign requested address");

    [Theory]
    [InlineData("garbage", "'garbage' is no http URL")]
    [InlineData("https://127.0.0.1:443", "--management-urls speaks plain HTTP")]
    public Task A_management_address_that_cannot_be_served(string url, string because) => RefusedAsync(Settings with { More = ["--management-urls", url] }, because);

    [Fact]
    public Task A_provider_that_is_none() => RefusedAsync(Settings with { Psp = new Uri("ftp://a") }, "neither 'instant' nor an http URL");

    [Fact]
    public Task A_webhook_secret_that_can_be_guessed() => RefusedAsync(Settings with { WebhookSecret = "short" }, "MILLRACE_PSP_WEBHOOK_SECRET");

    [Theory]
    [InlineData("203.0.113.7:1", null)]
    [InlineData("127.0.0.1:1", "203.0.113.7:1")]
    public Task A_cluster_off_loopback_without_certificates(string cluster, string? listen) => RefusedAsync(
        Settings with { More = ["--postgres", "Host=127.0.0.1;Port=1", "--cluster", cluster, .. listen is null ? [] : new[] { "--cluster-listen", listen }] }, "--cluster-insecure if only nodes reach it");

    [Fact]
    public async Task Certificates_that_the_other_nodes_would_refuse()
    {
        using var ours = new Authority(_folder["ours"], "millrace");
        using var theirs = new Authority(_folder["theirs"], "millrace");
        string[] cluster = ["--postgres", "Host=127.0.0.1;Port=1", "--cluster", "203.0.113.7:1"];
        var (good, foreign, expired) = (ours.Arguments("a"), theirs.Arguments("a"), ours.Arguments("late", TimeSpan.FromHours(-1)));
        await RefusedAsync(Settings with { More = [.. cluster, .. good[..4]] }, "--cluster-cert, --cluster-key and --cluster-ca go together");
        await RefusedAsync(Settings with { More = [.. cluster, .. good[..4], .. foreign[4..]] }, "The other nodes would refuse");
        await RefusedAsync(Settings with { More = [.. cluster, .. expired] }, "The other nodes would refuse");
        await RefusedAsync(Settings with { More = [.. cluster, .. good[..4], "--cluster-ca", _folder["none"]] }, _folder["none"]);
        await RefusedAsync(Settings with { More = [.. cluster, good[0], good[1], .. foreign[2..4], .. good[4..]] }, "is not the key of");
        // What they say is good: the next to be missed is the database.
        await RefusedAsync(Settings with { More = [.. cluster, .. good] }, "PostgreSQL");
        await RefusedAsync(Settings with { More = [.. cluster, "--cluster-insecure"] }, "PostgreSQL");
    }

    [Theory]
    [InlineData("--postgres-replica", "Host=a")]
    [InlineData("--postgres-replica", "Host=a", "--postgres", "Host=b", "--shard", "c=Host=d")]
    public Task A_replica_of_what_is_not_one_database(params string[] more) =>
        RefusedAsync(Settings with { More = more }, "for a store in one PostgreSQL database");

    [Fact]
    public async Task Orders_in_an_archive_that_was_not_named_or_is_not_there()
    {
        var database = await postgres.NewDatabaseAsync();
        await using (await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = database }))
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var archived = source.CreateCommand("INSERT INTO order_archive VALUES ('orders-202005-home-0123456789abcdef', '00000000-0000-0000-0000-000000000000', '10000000-0000-0000-0000-000000000000', 7)"))
            await archived.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await RefusedAsync(Settings with { More = ["--postgres", database] }, "Orders are archived in 'orders-202005-home-0123456789abcdef'");
        Directory.CreateDirectory(_folder["archive"]);
        await RefusedAsync(Settings with { More = ["--postgres", database, "--archive", _folder["archive"]] }, "orders-202005-home-0123456789abcdef");
        await RefusedAsync(Settings with { More = ["--postgres", database, "--archive", _folder["none"]] }, "There is no folder");
        await RefusedAsync(Settings with { More = ["--archive", _folder["archive"]] }, "--archive needs --postgres");
    }

    private static async Task RefusedAsync(ServerSettings settings, string because)
    {
        await using var server = ServerProcess.Launch(settings);
        Assert.InRange(await server.Process.ExitAsync(), 1, 2);
        var line = Assert.Single(server.Process.Errors);
        Assert.StartsWith("millrace: ", line, StringComparison.Ordinal);
        Assert.Contains(because, line, StringComparison.Ordinal);
        Assert.Empty(server.Process.Output);
    }
}
