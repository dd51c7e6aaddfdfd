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

    [Fact]
    public async Task Whoever_waits_for_a_reading_that_is_given_up_is_answered_by_another()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var store = SqliteAdministration.Open(_folder.Path);
        var gate = new GatedAdministration(store);
        var seen = new Subjects();
        using var log = new AuditLog(gate, TimeProvider.System);
        log.Add(seen);
        using var gone = new CancellationTokenSource();
        var first = log.RefreshTogetherAsync(TimeSpan.Zero, static () => false, gone.Token);
        await AddAsync("key_1");
        // It came before the first reading began to fail, and must not take that for an answer.
        var second = log.RefreshTogetherAsync(TimeSpan.Zero, static () => false, cancellation);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.Open();
        await second;
        Assert.Equal(["key_1"], seen.All);
    }

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

    private sealed class Subjects : IAuditFollower
    {
        public List<string> All { get; } = [];

        public void Apply(AuditEntry entry) => All.Add(entry.Subject);
    }

    /// <summary>Reads nothing until it is opened.</summary>
    private sealed class GatedAdministration(IAdministration store) : IAdministration
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _opened.SetResult();

        public async ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(long after, int most, CancellationToken cancellation)
        {
            await _opened.Task.WaitAsync(cancellation);
            return await store.ReadAuditAsync(after, most, cancellation);
        }

        public ValueTask<IReadOnlyList<AuditEntry>> FindAuditAsync(string tenant, bool withInstallation, long after, int most, CancellationToken cancellation) =>
            store.FindAuditAsync(tenant, withInstallation, after, most, cancellation);

        public ValueTask<bool> TryAppendAuditAsync(AuditEntry entry, CancellationToken cancellation) => store.TryAppendAuditAsync(entry, cancellation);

        public ValueTask<byte[]> GetSecretAsync(string name, byte[] candidate, CancellationToken cancellation) => store.GetSecretAsync(name, candidate, cancellation);

        public ValueTask<IReadOnlyDictionary<string, long>> ReadKeyUsesAsync(CancellationToken cancellation) => store.ReadKeyUsesAsync(cancellation);

        public ValueTask RecordKeyUsesAsync(IReadOnlyDictionary<string, long> lastUsedUnixMs, CancellationToken cancellation) => store.RecordKeyUsesAsync(lastUsedUnixMs, cancellation);
    }
}
