using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Limits;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api.Limits;

public sealed class AuditQuotaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 23, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tenant_adds_so_much_a_day_and_can_always_stop_what_it_began()
    {
        using var store = SqliteAdministration.Open(_folder.Path);
        using var log = new AuditLog(store, _time);
        var quota = new AuditQuota(log, _time, most: 3);
        Assert.True(await IsAddedAsync(quota, "job.started"));
        Assert.True(await IsAddedAsync(quota, "job.paused"));
        Assert.True(await IsAddedAsync(quota, "order.dismissed"));
        var refused = await AddAsync(quota, "job.resumed");
        Assert.Equal(("quota_exceeded", 3_601), (refused!.Kind.Code, refused.RetryAfterSeconds!.Value));
        Assert.True(await IsAddedAsync(quota, "job.canceled"));
        Assert.True(await IsAddedAsync(quota, "order.restored"));
        Assert.True(await IsAddedAsync(quota, "job.started", "other"));
        Assert.Equal(6, (await store.ReadAuditAsync(0, 100, TestContext.Current.CancellationToken)).Count);

        // Another node knows of it as soon as it has read the log.
        using var elsewhere = new AuditLog(store, _time);
        Assert.False(await IsAddedAsync(new AuditQuota(elsewhere, _time, most: 3), "job.started"));

        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(await IsAddedAsync(quota, "job.started"));
    }

    [Fact]
    public async Task A_clock_that_was_ahead_for_a_moment_opens_no_gate()
    {
        using var store = SqliteAdministration.Open(_folder.Path);
        var ahead = new FakeTimeProvider(_time.GetUtcNow() + TimeSpan.FromDays(2));
        using (var elsewhere = new AuditLog(store, ahead))
            Assert.True(await IsAddedAsync(new AuditQuota(elsewhere, ahead, most: 3), "job.started"));
        using var log = new AuditLog(store, _time);
        var quota = new AuditQuota(log, _time, most: 3);
        Assert.True(await IsAddedAsync(quota, "job.started"));
        Assert.True(await IsAddedAsync(quota, "job.started"));
        Assert.False(await IsAddedAsync(quota, "job.started"));
    }

    private static async Task<bool> IsAddedAsync(AuditQuota quota, string action, string tenant = "acme") => await AddAsync(quota, action, tenant) is null;

    private static Task<Millrace.Api.Problems.Problem?> AddAsync(AuditQuota quota, string action, string tenant = "acme") =>
        quota.AddAsync(new AuditDraft(new Actor(ActorKind.Operator, "ada"), tenant, action, "x"), TestContext.Current.CancellationToken);
}
