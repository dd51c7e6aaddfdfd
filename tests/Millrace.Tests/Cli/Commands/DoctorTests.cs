using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Doctor;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class DoctorTests(CliServer server, PostgresFixture postgres)
{
    [Fact]
    public async Task It_looks_at_the_machine_the_disk_and_a_server_and_says_how_to_mend_what_is_not_well()
    {
        var findings = await FindAsync(Acting.Done, "--url", server.Url, "--port", FreePort.Find().ToString(CultureInfo.InvariantCulture));
        Assert.Subset(findings.Keys.ToHashSet(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal)
        {
            "runtime", "sqlite", "memory", "files", "somaxconn", "clock", "disk", "filesystem", "fsync", "server", "server clock", "ready", "version",
        });
        Assert.Matches(@"^p50 \d+\.\d{3} ms, p99 \d+\.\d{3} ms of [1-9]\d* writes", (string)findings["fsync"]["measured"]!);
        foreach (var check in new[] { "server", "server clock", "ready", "version" })
            Assert.Equal("ok", (string)findings[check]["verdict"]!);
        Assert.All(findings.Values, f => Assert.Equal((string)f["verdict"]! == "ok", f["fix"] is null));
        Assert.All(findings.Values, f => Assert.NotEmpty((string)f["why"]!));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_warning_and_a_server_that_is_not_there_a_fail()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var findings = await FindAsync(Acting.Failed, "--port", port.ToString(CultureInfo.InvariantCulture), "--url", $"http://127.0.0.1:{FreePort.Find()}");
        Assert.Equal("warn", (string)findings[$"port {port}"]["verdict"]!);
        Assert.Equal("fail", (string)findings["server"]["verdict"]!);
    }

    [Fact]
    public async Task A_folder_that_is_missing_or_served_is_told()
    {
        var missing = await FindAsync(Acting.Failed, "--data", Path.Combine(server.Folder, "missing"));
        Assert.Equal("fail", (string)missing["data"]["verdict"]!);
        Assert.False(Directory.Exists(Path.Combine(server.Folder, "missing")));
        // Which is as it should be.
        var served = (await FindAsync(Acting.Done, "--data", server.DataDirectory))["data"];
        Assert.Equal("warn", (string)served["verdict"]!);
        Assert.Contains("in use", (string)served["measured"]!, StringComparison.Ordinal);
        // An empty one is looked at and left empty.
        var empty = Directory.CreateDirectory(Path.Combine(server.Folder, "empty")).FullName;
        Assert.Equal("warn", (string)(await FindAsync(Acting.Done, "--data", empty))["data"]["verdict"]!);
        Assert.Empty(Directory.EnumerateFileSystemEntries(empty));
    }

    [Fact]
    public async Task A_database_that_can_lose_orders_is_a_fail_with_the_command_that_mends_it()
    {
        var database = await postgres.NewDatabaseAsync();
        var well = await FindAsync(Acting.Done, "--postgres", database);
        foreach (var setting in new[] { "postgres", "db fsync", "db full_page_writes", "db synchronous_commit", "db server_encoding", "db clock" })
            Assert.Equal("ok", (string)well[setting]["verdict"]!);
        Assert.Matches(@"^p50 \d+\.\d\d ms", (string)well["db commit"]["measured"]!);
        Assert.Contains("tcp_retries2", (string)well["retries"]["measured"]!, StringComparison.Ordinal);
        var lossy = await FindAsync(Acting.Failed, "--postgres", database + ";Options=-c synchronous_commit=off");
        Assert.Equal(("fail", "off"), ((string)lossy["db synchronous_commit"]["verdict"]!, (string)lossy["db synchronous_commit"]["measured"]!));
        Assert.Contains("ALTER SYSTEM SET synchronous_commit = on", (string)lossy["db synchronous_commit"]["fix"]!, StringComparison.Ordinal);
        Assert.Equal("fail", (string)(await FindAsync(Acting.Failed, "--postgres", $"Host=127.0.0.1;Port={FreePort.Find()};Timeout=2"))["postgres"]["verdict"]!);
    }

    [Theory]
    [InlineData(0, Verdict.Ok)]
    [InlineData(1.9, Verdict.Ok)]
    [InlineData(2.2, Verdict.Fail)]
    [InlineData(-0.9, Verdict.Ok)]
    [InlineData(-2.2, Verdict.Fail)]
    public void A_clock_is_wrong_when_no_moment_of_the_answer_explains_it(double ahead, object verdict)
    {
        var (earliest, latest) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1));
        Assert.Equal(verdict, ClockCheck.Against("clock", earliest.AddSeconds(ahead), earliest, latest, TimeSpan.Zero).Verdict);
    }

    private static async Task<Dictionary<string, JsonNode>> FindAsync(int exit, params string[] arguments) =>
        (await CliRun.OfAsync(exit, ["doctor", .. arguments, "-o", "ndjson"])).Rows.ToDictionary(row => (string)row["check"]!, StringComparer.Ordinal);
}
