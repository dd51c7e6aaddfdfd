using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>Whoever verifies every night tells by the exit code alone whether the store is broken, was not reached, or the command is wrong.</summary>
public sealed class VerifyExitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_that_is_refused_is_not_verified()
    {
        await using (NewStore())
            Assert.Contains("in use", (await CliRun.OfAsync(Acting.Failed, "verify", "--data", _folder["node"])).Errors, StringComparison.Ordinal);
        await CliRun.OfAsync(Acting.Done, "verify", "--data", _folder["node"]);
        Assert.Contains("no data folder", (await CliRun.OfAsync(Acting.Failed, "verify", "--data", _folder["nothing"])).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_or_a_PSP_that_is_away_was_not_reached()
    {
        await using (NewStore())
        {
            // Made, and closed again.
        }

        var nobody = FreePort.Find();
        await CliRun.OfAsync(Acting.NoAnswer, "verify", "--data", _folder["node"], "--psp", $"http://127.0.0.1:{nobody}");
        await CliRun.OfAsync(Acting.NoAnswer, "verify", "--postgres", $"Host=127.0.0.1;Port={nobody};Username=nobody;Timeout=2");
    }

    [Fact]
    public async Task Neither_two_stores_nor_none_nor_an_address_that_is_none_is_asked_for()
    {
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--postgres", "Host=127.0.0.1");
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--archive", _folder["archive"]);
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--psp", "nonsense");
    }

    private SqliteStore NewStore() => SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder["node"], PartitionCount = 1 });
}
