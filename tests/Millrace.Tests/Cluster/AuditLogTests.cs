using Microsoft.Extensions.Time.Testing;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class AuditLogTests : IDisposable
{
    private static readonly Actor Ada = new(ActorKind.Operator, "ada");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("UPDATE audit SET subject = 'key_9' WHERE seq = 2")]
    [InlineData("UPDATE audit SET actor = 'eve' WHERE seq = 1")]
    [InlineData("UPDATE audit SET at = at + 1 WHERE seq = 3")]
    [InlineData("DELETE FROM audit WHERE seq = 2")]
    [InlineData("DELETE FROM audit WHERE seq = 1")]
    public async Task A_log_that_was_tampered_with_is_not_read(string tampering)
    {
        await AddAsync("key_1", "key_2", "key_3");
        var file = _folder[SqliteAdministration.FileName];
        SqliteFile.Execute(file, "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened;" + tampering);
        using var store = SqliteAdministration.Open(_folder.Path);
        using var log = new AuditLog(store, TimeProvider.System);
        await Assert.ThrowsAsync<InvalidDataException>(() => log.RefreshAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_process_whose_last_entry_is_gone_or_another_one_does_not_go_on_with_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await AddAsync("key_1", "key_2");
        using var store = SqliteAdministration.Open(_folder.Path);
        using var log = new AuditLog(store, TimeProvider.System);
        await log.RefreshAsync(cancellation);
        // As a failover would that lost the end.
        SqliteFile.Execute(_folder[SqliteAdministration.FileName], "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened; DELETE FROM audit WHERE seq = 2");
        await Assert.ThrowsAsync<InvalidDataException>(() => log.AddAsync(() => new AuditDraft(Ada, "acme", "key.revoked", "key_3"), cancellation));
        await AddAsync("another");
        await Assert.ThrowsAsync<InvalidDataException>(() => log.RefreshAsync(cancellation));
    }

    [Fact]
    public async Task The_database_itself_refuses_to_change_or_shorten_the_log()
    {
        await AddAsync("key_1");
        foreach (var change in new[] { "UPDATE audit SET subject = 'x'", "DELETE FROM audit" })
            Assert.Contains("only added to", Assert.ThrowsAny<Exception>(() => SqliteFile.Execute(_folder[SqliteAdministration.FileName], change)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_adds_decides_on_all_that_others_have_added_before()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var store = SqliteAdministration.Open(_folder.Path);
        using var here = new AuditLog(store, new FakeTimeProvider());
        using var there = new AuditLog(store, new FakeTimeProvider());
        var counter = new Counter();
        here.Add(counter);
        await here.RefreshAsync(cancellation);
        await there.AddAsync(() => new AuditDraft(Ada, null, "node.drained", "a"), cancellation);
        Assert.Null(await here.AddAsync(() => counter.Count == 1 ? null : new AuditDraft(Ada, null, "node.drained", "a"), cancellation));
    }

    private async Task AddAsync(params string[] subjects)
    {
        using var store = SqliteAdministration.Open(_folder.Path);
        using var log = new AuditLog(store, TimeProvider.System);
        foreach (var subject in subjects)
            await log.AddAsync(() => new AuditDraft(Ada, "acme", "key.revoked", subject), TestContext.Current.CancellationToken);
    }

    private sealed class Counter : IAuditFollower
    {
        public int Count { get; private set; }

        public void Apply(AuditEntry entry) => Count++;
    }
}
