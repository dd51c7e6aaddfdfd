using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Jobs;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api.Jobs;

public sealed class JobSlotsTests : IDisposable
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteAdministration _records;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly JobStore _store;
    private readonly JobSlots _slots;

    public JobSlotsTests()
    {
        _records = SqliteAdministration.Open(_folder.Path);
        _store = new JobStore(_records);
        _slots = new JobSlots(_store, _records, _time);
    }

    public void Dispose()
    {
        _records.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Those_that_are_about_to_begin_count_until_they_are_given_up()
    {
        foreach (var number in Enumerable.Range(1, JobSlots.MostOpen))
            Assert.True(await TakeAsync(number));
        Assert.False(await TakeAsync(5));
        // A repeat is the same job.
        Assert.True(await TakeAsync(4));
        // A node whose clock is behind sees them all the same; after a minute nobody waits for them.
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromSeconds(30));
        Assert.False(await TakeAsync(5));
        _time.AdjustTime(_time.GetUtcNow() + TimeSpan.FromSeconds(91));
        Assert.True(await TakeAsync(5));
    }

    [Fact]
    public async Task Jobs_that_failed_hold_no_place_and_take_one_again_when_they_go_on()
    {
        foreach (var number in Enumerable.Range(1, JobSlots.MostOpen))
        {
            Assert.True(await TakeAsync(number));
            _time.Advance(TimeSpan.FromMilliseconds(10));
            Assert.NotNull(await _store.TryAddAsync(Job(number, JobStatus.Failed), TestContext.Current.CancellationToken));
        }

        // All four have failed within the minute: others may begin.
        foreach (var number in Enumerable.Range(5, 2))
        {
            Assert.True(await TakeAsync(number));
            Assert.NotNull(await _store.TryAddAsync(Job(number, JobStatus.Running), TestContext.Current.CancellationToken));
        }

        // Two of those that failed go on: they are as good as open from then on.
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.True(await TakeAsync(1));
        Assert.True(await TakeAsync(2));
        Assert.False(await TakeAsync(3));
    }

    private Task<bool> TakeAsync(int number) => _slots.TryTakeAsync(Acme, Id(number), TestContext.Current.CancellationToken);

    private Job Job(int number, string status) => new()
    {
        Id = Id(number), Tenant = Acme.Value, Action = JobRules.Hold, Query = new JobQuery("pending", null, null, null, null, null), Rate = 1, Limit = 1, ActorKind = ActorKind.Operator, Payload = "x",
        Status = status, CreatedAtUnixMs = _time.GetUtcNow().ToUnixTimeMilliseconds(), EndedAtUnixMs = status == JobStatus.Failed ? _time.GetUtcNow().ToUnixTimeMilliseconds() : null,
    };

    private static string Id(int number) => $"job_{number:x32}";
}
