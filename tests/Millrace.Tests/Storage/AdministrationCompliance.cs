using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Storage;

/// <summary>What every administration promises.</summary>
public abstract class AdministrationCompliance : IAsyncLifetime
{
    private static readonly Actor Ada = new(ActorKind.Operator, "ada");
    private IAdministration _one = null!;
    private IAdministration _other = null!;

    public async ValueTask InitializeAsync() => (_one, _other) = (await OpenAsync(), await OpenAsync());

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task Entries_are_read_back_as_they_were_added_by_any_process()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var first = AuditEntry.After(null, 1, Ada, "acme", "key.created", "key_1", """{"client":"Läden"}""");
        var second = AuditEntry.After(first, 2, Actor.System, null, "node.drained", "a", "{}");
        Assert.True(await _one.TryAppendAuditAsync(first, cancellation));
        Assert.True(await _other.TryAppendAuditAsync(second, cancellation));
        Assert.Equal([first, second], await _one.ReadAuditAsync(0, 10, cancellation));
        Assert.Equal([second], await _other.ReadAuditAsync(1, 10, cancellation));
        Assert.Equal([first], await _other.ReadAuditAsync(0, 1, cancellation));
    }

    [Fact]
    public async Task Of_two_that_add_at_once_one_is_refused_and_no_entry_comes_after_a_gap()
    {
        var cancellation = TestContext.Current.CancellationToken;
        AuditEntry? last = null;
        for (var round = 0; round < 20; round++)
        {
            var (mine, theirs) = (Entry("mine"), Entry("theirs"));
            var added = await Task.WhenAll(Task.Run(() => _one.TryAppendAuditAsync(mine, cancellation).AsTask()), Task.Run(() => _other.TryAppendAuditAsync(theirs, cancellation).AsTask()));
            Assert.Single(added, isAdded => isAdded);
            last = added[0] ? mine : theirs;
        }

        Assert.False(await _one.TryAppendAuditAsync(AuditEntry.After(Entry("a gap"), 0, Ada, null, "x", "x", "{}"), cancellation));
        Assert.Equal(20, (await _one.ReadAuditAsync(0, 100, cancellation)).Count);

        AuditEntry Entry(string subject) => AuditEntry.After(last, 7, Ada, null, "node.drained", subject, "{}");
    }

    [Fact]
    public async Task A_tenant_finds_its_own_entries_and_the_installations_only_if_asked_for()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var entries = new List<AuditEntry>();
        foreach (var tenant in new[] { "acme", null, "other", "acme" })
        {
            entries.Add(AuditEntry.After(entries.LastOrDefault(), 1, Ada, tenant, "key.revoked", "key", "{}"));
            Assert.True(await _one.TryAppendAuditAsync(entries[^1], cancellation));
        }

        Assert.Equal([entries[0], entries[3]], await _one.FindAuditAsync("acme", false, 0, 10, cancellation));
        Assert.Equal([entries[0], entries[1]], await _one.FindAuditAsync("acme", true, 0, 2, cancellation));
        Assert.Equal([entries[3]], await _other.FindAuditAsync("acme", true, 2, 10, cancellation));
    }

    [Fact]
    public async Task The_latest_use_of_a_key_is_kept()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await _one.RecordKeyUsesAsync(new Dictionary<string, long> { ["a"] = 5, ["b"] = 1 }, cancellation);
        await _other.RecordKeyUsesAsync(new Dictionary<string, long> { ["a"] = 3, ["c"] = 2 }, cancellation);
        Assert.Equal([("a", 5), ("b", 1), ("c", 2)], (await _one.ReadKeyUsesAsync(cancellation)).Select(use => (use.Key, use.Value)).Order());
    }

    [Fact]
    public async Task The_first_secret_of_a_name_is_everybodys_for_ever()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var candidates = Enumerable.Range(1, 8).Select(number => new byte[] { (byte)number, 0, 255 }).ToArray();
        var taken = await Task.WhenAll(candidates.Select((candidate, i) => Task.Run(() => (i % 2 == 0 ? _one : _other).GetSecretAsync("a", candidate, cancellation).AsTask())));
        Assert.Single(taken.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal));
        Assert.Contains(taken[0], candidates);
        Assert.Equal(taken[0], await _other.GetSecretAsync("a", [9], cancellation));
        Assert.Equal([9], await _one.GetSecretAsync("b", [9], cancellation));
    }

    private protected abstract Task<IAdministration> OpenAsync();
}

public sealed class SqliteAdministrationTests : AdministrationCompliance
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SqliteAdministration> _open = [];

    public override ValueTask DisposeAsync()
    {
        _open.ForEach(store => store.Dispose());
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected override Task<IAdministration> OpenAsync()
    {
        _open.Add(SqliteAdministration.Open(_folder.Path));
        return Task.FromResult<IAdministration>(_open[^1]);
    }
}

public sealed class PostgresAdministrationTests(PostgresFixture postgres) : AdministrationCompliance
{
    private readonly List<PostgresStore> _open = [];
    private string? _database;

    public override async ValueTask DisposeAsync()
    {
        foreach (var store in _open)
            await store.DisposeAsync();
    }

    private protected override async Task<IAdministration> OpenAsync()
    {
        _database ??= await postgres.NewDatabaseAsync();
        _open.Add(await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = _database, PartitionCount = 4 }));
        return _open[^1];
    }
}
