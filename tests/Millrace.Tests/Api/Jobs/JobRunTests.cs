using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Admission;
using Millrace.Api.Jobs;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Read;
using Millrace.Api.Tracking;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api.Jobs;

/// <summary>One job's runner, with records of its own, which fail where a test says: as if the process had ended there.</summary>
public sealed class JobRunTests : IClassFixture<ApiServer>, IDisposable
{
    // Jobs, of all tenants.
    private const int AtOnce = 16;
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private readonly ApiServer _server;
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteAdministration _records;

    public JobRunTests(ApiServer server) => (_server, _records) = (server, SqliteAdministration.Open(_folder.Path));

    public void Dispose()
    {
        _records.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Wherever_a_run_ends_the_next_goes_on_and_each_order_is_changed_and_told_exactly_once()
    {
        var (customer, orders) = await _server.OrdersAsync(3);
        var jobs = 0;
        for (var (write, isOver) = (1, false); !isOver; write++)
        {
            foreach (var isMade in new[] { false, true })
            {
                var job = await AddAsync($"{jobs++}", JobRules.Hold, new JobQuery(null, customer, null, null, null, null), rate: 2, limit: 3);
                var failing = new FailingRecords(_records, write, isMade);
                isOver = !await EndsEarlyAsync(failing, job);
                await RunAsync(_records, job);
                var store = new JobStore(_records);
                var done = (await store.FindAsync(Acme, job, CancellationToken.None))!.Job;
                Assert.Equal((JobStatus.Done, 3), (done.Status, done.Progress.Changed));
                Assert.Equal(orders, (await store.ResultsOf(done).ReadAsync(0, 10, done.Progress.Processed, CancellationToken.None)).Select(row => row.Order));
                foreach (var order in orders)
                    Assert.Equal(jobs, (await _server.HoldsAsync(order)).Count);
            }
        }

        // Counted, planned, results, progress: twice, and the end.
        Assert.InRange(jobs, 14, 24);
    }

    [Fact]
    public async Task An_order_that_does_not_match_any_more_is_left_alone()
    {
        var (customer, orders) = await _server.OrdersAsync(1);
        var job = await AddAsync("1", JobRules.Hold, new JobQuery("confirmed", customer, null, null, null, null), rate: 1, limit: 10);
        // Behind the list, which the job has read by then.
        var records = new FailingRecords(_records, write: 2, isMade: true);
        Assert.True(await EndsEarlyAsync(records, job));
        Assert.Equal(200, (await _server.PostAsync($"/v1/orders/{orders[0]}/cancel", "", "c-" + customer)).Status);
        await Eventually.Async(async () => (await _server.GetAsync("/v1/orders/" + orders[0])).Text("status") == "canceled", "it is canceled");
        await RunAsync(_records, job);
        var store = new JobStore(_records);
        var done = (await store.FindAsync(Acme, job, CancellationToken.None))!.Job;
        Assert.Equal([new JobResult(orders[0], JobOutcome.Skipped, "version_mismatch")], await store.ResultsOf(done).ReadAsync(0, 10, 10, CancellationToken.None));
        Assert.Empty(await _server.HoldsAsync(orders[0]));
    }

    [Fact]
    public async Task Results_are_kept_in_records_that_are_bounded_and_go_with_their_job()
    {
        var store = new JobStore(_records);
        var job = (await store.FindAsync(Acme, await AddAsync("1", JobRules.Hold, new JobQuery(null, "c", null, null, null, null), 1, 1), CancellationToken.None))!.Job;
        var results = Enumerable.Range(0, 1_234).Select(i => new JobResult($"ord_{i:D26}", JobOutcome.Refused, "too_many_holds")).ToList();
        var file = store.ResultsOf(job);
        for (var from = 0; from < results.Count; from += 50)
            Assert.True(await file.TryWriteAsync(from, [.. results.Skip(from).Take(50)], CancellationToken.None));
        // Once more, as after a crash; what was behind it is gone.
        Assert.True(await file.TryWriteAsync(1_180, [.. results.Skip(1_180)], CancellationToken.None));
        Assert.Equal(results[480..680], await file.ReadAsync(480, 200, 1_234, CancellationToken.None));
        Assert.Equal(results[1_200..], await file.ReadAsync(1_200, 200, 1_234, CancellationToken.None));
        Assert.Empty(await file.ReadAsync(1_200, 200, 1_200, CancellationToken.None));
        await file.DeleteAsync(CancellationToken.None);
        Assert.Empty(await _records.ListRecordsAsync("job_result", null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_hold_that_somebody_else_has_released_keeps_no_other_from_being_released()
    {
        var (customer, orders) = await _server.OrdersAsync(1);
        var holds = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await _server.PostAsync($"/v1/orders/{orders[0]}/holds", """{"kind":"review","reason":"r"}""", $"h{i}-{customer}")).Status);
            holds = [.. (await _server.HoldsAsync(orders[0])).Select(hold => (string)hold!["id"]!)];
        }

        var job = await AddAsync("1", JobRules.Release, new JobQuery(null, customer, null, null, null, null), rate: 1, limit: 10);
        // It has noted all three.
        Assert.True(await EndsEarlyAsync(new FailingRecords(_records, write: 2, isMade: true), job));
        Assert.Equal(200, (await _server.PostAsync($"/v1/orders/{orders[0]}/holds/{holds[1]}/release", "", "r-" + customer)).Status);
        await RunAsync(_records, job);
        Assert.Empty(await _server.HoldsAsync(orders[0]));
        var store = new JobStore(_records);
        var done = (await store.FindAsync(Acme, job, CancellationToken.None))!.Job;
        Assert.Equal([new JobResult(orders[0], JobOutcome.Changed)], await store.ResultsOf(done).ReadAsync(0, 10, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_look_that_fails_while_a_job_is_under_way_keeps_no_other_waiting_for_its_end()
    {
        var (slow, _) = await _server.OrdersAsync(60);
        var (quick, orders) = await _server.OrdersAsync(1);
        var records = new PassingRecords(_records);
        var store = new JobStore(records);
        using var runner = Runner(store, TimeProvider.System);
        var first = await AddAsync("slow", JobRules.Hold, new JobQuery(null, slow, null, null, null, null), rate: 1, limit: 100);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(async () => (await store.FindAsync(Acme, first, CancellationToken.None))!.Job.Progress.Processed > 0, "the first is under way");

        records.IsAway = true;
        await Eventually.Async(() => Task.FromResult(records.Refused > 0), "a look fails");
        records.IsAway = false;
        var second = await AddAsync("quick", JobRules.Hold, new JobQuery(null, quick, null, null, null, null), rate: 10, limit: 100);
        await store.MarkAsync((await store.FindAsync(Acme, second, CancellationToken.None))!.Job, CancellationToken.None);
        await Eventually.Async(async () => (await store.FindAsync(Acme, second, CancellationToken.None))!.Job.Status == JobStatus.Done, "the second is done");
        Assert.Equal(JobStatus.Running, (await store.FindAsync(Acme, first, CancellationToken.None))!.Job.Status);
        Assert.Single(await _server.HoldsAsync(orders[0]));
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_tenants_next_job_waits_for_the_first_of_another_though_it_is_older()
    {
        var records = new HeldRecords(_records);
        var store = new JobStore(records);
        using var runner = Runner(store, TimeProvider.System);
        var nobodys = new JobQuery(null, "nobody", null, null, null, null);
        for (var i = 1; i <= AtOnce + 1; i++)
            await AddAsync($"{i}", JobRules.Hold, nobodys, 1, 1, createdAt: i);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => Task.FromResult(records.Begun.Count == AtOnce), "as many as may be are under way");

        var others = await AddAsync("1", JobRules.Hold, nobodys, 1, 1, createdAt: 100, tenant: "other");
        await store.MarkAsync((await store.FindAsync(TenantId.Parse("other"), others, CancellationToken.None))!.Job, CancellationToken.None);
        records.Release(records.Begun.First());
        await Eventually.Async(() => Task.FromResult(records.Begun.Count == AtOnce + 1), "there is room for one");
        Assert.Equal("other/" + others, records.Begun.Last());
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Jobs_that_wait_for_a_limit_keep_no_place_from_one_that_can_go_on()
    {
        var (store, nobodys) = (new JobStore(_records), new JobQuery(null, "nobody", null, null, null, null));
        using var audit = new AuditLog(_records, TimeProvider.System);
        var limits = new RateLimits(new LimitSettings(new Rate(1_000, 1_000), new Rate(1_000, 1_000), PerDay: 1), audit, TimeProvider.System);
        var order = new JobOrder(OrderId.Create(0, 0, 1).ToString(), 1);
        var slow = new List<(TenantId Tenant, string Job)>();
        for (var i = 0; i < AtOnce; i++)
        {
            var tenant = TenantId.Parse($"slow-{i}");
            // Its day is used up.
            Assert.Null(limits.Take(new Caller(tenant, Actor.System, Scopes.None, "jobs")));
            slow.Add((tenant, await AddAsync("1", JobRules.Hold, nobodys, 1, 100, createdAt: i, tenant: tenant.Value, progress: new JobProgress { IsCounted = true, Batch = [order] })));
        }

        var (quick, job) = (TenantId.Parse("quick"), await AddAsync("1", JobRules.Hold, nobodys, 1, 100, createdAt: 100, tenant: "quick"));
        using var runner = Runner(store, TimeProvider.System, limits);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(async () => (await store.FindAsync(quick, job, CancellationToken.None))!.Job.Status == JobStatus.Done, "the one that can go on is done");
        foreach (var (tenant, waiting) in slow)
            Assert.Equal((JobStatus.Running, 0), (await store.FindAsync(tenant, waiting, CancellationToken.None))!.Job is var now ? (now.Status, now.Progress.Processed) : default);
        await runner.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_job_that_others_wait_for_takes_turns_and_is_no_faster_for_that()
    {
        const int count = 14;
        var (customer, orders) = await _server.OrdersAsync(count);
        var job = await AddAsync("1", JobRules.Hold, new JobQuery(null, customer, null, null, null, null), rate: 2, limit: count);
        var (store, clock) = (new JobStore(_records), new Client.InstantTime(TimeSpan.FromDays(1)));
        var (begun, turns, found) = (clock.GetUtcNow(), 0, await FindAsync());
        for (; found.Status == JobStatus.Running; turns++)
        {
            await RunAsync(_records, job, clock, othersWait: true);
            var before = found.Progress.Processed;
            found = await FindAsync();
            // Five seconds of two.
            Assert.InRange(found.Progress.Processed - before, turns == 0 ? 1 : 0, 11);
        }

        Assert.InRange(turns, 2, 5);
        Assert.Equal(count, found.Progress.Changed);
        Assert.Equal(orders, (await store.ResultsOf(found).ReadAsync(0, count, count, CancellationToken.None)).Select(row => row.Order));
        Assert.True(clock.GetUtcNow() - begun >= TimeSpan.FromSeconds(count / 2));

        async Task<Job> FindAsync() => (await store.FindAsync(Acme, job, CancellationToken.None))!.Job;
    }

    [Fact]
    public async Task A_job_whose_mark_was_lost_is_found_all_the_same()
    {
        var (store, time) = (new JobStore(_records), new FakeTimeProvider());
        using var runner = Runner(store, time);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        // Behind the first look at all jobs: one that is marked then is over.
        var nobodys = new JobQuery(null, "nobody", null, null, null, null);
        await DoneAsync(await AddAsync("marked", JobRules.Hold, nobodys, 1, 1), isMarked: true);
        await DoneAsync(await AddAsync("unmarked", JobRules.Hold, nobodys, 1, 1), isMarked: false);
        await runner.StopAsync(CancellationToken.None);

        async Task DoneAsync(string job, bool isMarked)
        {
            if (isMarked)
                await store.MarkAsync((await store.FindAsync(Acme, job, CancellationToken.None))!.Job, CancellationToken.None);
            await Eventually.Async(async () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return (await store.FindAsync(Acme, job, CancellationToken.None))!.Job.Status == JobStatus.Done;
            }, "it is done");
        }
    }

    [Fact]
    public async Task However_long_its_orders_take_a_job_sees_after_a_second_or_two_what_it_is_told()
    {
        var (customer, orders) = await _server.OrdersAsync(6);
        var job = await AddAsync("1", JobRules.Hold, new JobQuery(null, customer, null, null, null, null), rate: 100, limit: 6);
        var store = new JobStore(_records);
        // Counted, planned, the results of what was done first, and how far it is.
        Assert.True(await EndsEarlyAsync(new FailingRecords(_records, write: 4, isMade: true), job, new Client.InstantTime(TimeSpan.FromDays(1)) { Pace = TimeSpan.FromMilliseconds(300) }));
        Assert.InRange((await store.FindAsync(Acme, job, CancellationToken.None))!.Job.Progress.Processed, 1, 3);
        await RunAsync(_records, job);
        var done = (await store.FindAsync(Acme, job, CancellationToken.None))!.Job;
        Assert.Equal((JobStatus.Done, 6), (done.Status, done.Progress.Changed));
        Assert.Equal(orders, (await store.ResultsOf(done).ReadAsync(0, 10, done.Progress.Processed, CancellationToken.None)).Select(row => row.Order));
    }

    [Fact]
    public async Task A_job_that_this_version_cannot_read_keeps_no_other_from_being_listed()
    {
        var store = new JobStore(_records);
        var readable = await AddAsync("1", JobRules.Hold, new JobQuery(null, "c", null, null, null, null), 1, 1);
        Assert.NotNull(await _records.TryWriteRecordAsync(new StoredRecord("job", "acme/job_" + new string('0', 32), 0, "{\"of\":\"a later version\"}"u8.ToArray()), CancellationToken.None));
        Assert.Equal(readable, Assert.Single(await store.ListAsync(Acme, CancellationToken.None)).Id);
        await store.RetireAsync(Acme, CancellationToken.None);
        // Not as something that whoever asks has written wrongly.
        await Assert.ThrowsAsync<InvalidDataException>(() => store.FindAsync(Acme, "job_" + new string('0', 32), CancellationToken.None));
    }

    [Fact]
    public async Task The_last_hundred_jobs_are_kept_and_none_that_is_open_is_forgotten()
    {
        var store = new JobStore(_records);
        var open = await AddAsync("open", JobRules.Hold, new JobQuery(null, "c", null, null, null, null), 1, 1);
        for (var i = 1; i <= JobStore.MostKept + 5; i++)
            await AddAsync($"{i}", JobRules.Hold, new JobQuery(null, "c", null, null, null, null), 1, 1, JobStatus.Done, createdAt: i);
        await store.RetireAsync(Acme, CancellationToken.None);
        var kept = await store.ListAsync(Acme, CancellationToken.None);
        Assert.Equal((JobStore.MostKept + 1, open, 6L), (kept.Count, kept[^1].Id, kept[^2].CreatedAtUnixMs));
    }

    private async Task<string> AddAsync(string name, string action, JobQuery query, int rate, int limit, string status = JobStatus.Running, long createdAt = 0, string tenant = "acme", JobProgress? progress = null)
    {
        var job = new Job
        {
            Id = $"job_{NameHash.ChangeKey(Acme, "test", name + query.Customer):x32}", Tenant = tenant, Action = action, Query = query, Rate = rate, Limit = limit,
            ActorKind = ActorKind.Operator, ActorName = "ada", Payload = "", CreatedAtUnixMs = createdAt, Status = status, Progress = progress ?? new JobProgress(),
        };
        Assert.NotNull(await new JobStore(_records).TryAddAsync(job, CancellationToken.None));
        return job.Id;
    }

    private async Task<bool> EndsEarlyAsync(IRecords records, string job, TimeProvider? time = null)
    {
        try
        {
            await RunAsync(records, job, time);
            return false;
        }
        catch (StoreUnavailableException)
        {
            return true;
        }
    }

    private async Task RunAsync(IRecords records, string job, TimeProvider? time = null, bool othersWait = false)
    {
        var (store, clock) = (new JobStore(records), time ?? new Client.InstantTime(TimeSpan.FromDays(1)));
        await Run(store, clock).RunAsync((await store.FindAsync(Acme, job, CancellationToken.None))!, new JobTurn(() => othersWait, clock), CancellationToken.None);
    }

    private JobRun Run(JobStore store, TimeProvider time, RateLimits? limits = null)
    {
        var services = _server.Services;
        var step = new JobStep(services.GetRequiredService<AdmittedRouter>(), services.GetRequiredService<WatchedOrders>());
        return new JobRun(store, new JobPages(services.GetRequiredService<ListOrders>()), step, limits ?? services.GetRequiredService<RateLimits>(), time);
    }

    /// <param name="time">Of its looks; what it runs has the system's.</param>
    private JobRunner Runner(JobStore store, TimeProvider time, RateLimits? limits = null) =>
        new(store, Run(store, TimeProvider.System, limits), new Leases(_records, "a", isShared: false, TimeProvider.System, NullLogger<Lease>.Instance), time, NullLogger<JobRunner>.Instance);

    /// <summary>Of which the marks cannot be read while it is away: what a look asks for first.</summary>
    private sealed class PassingRecords(IRecords records) : IRecords
    {
        private volatile bool _isAway;
        private int _refused;

        public bool IsAway
        {
            set => _isAway = value;
        }

        public int Refused => Volatile.Read(ref _refused);

        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation)
        {
            if (!_isAway || kind != "job_mark")
                return records.ListRecordsAsync(kind, after, most, cancellation);
            Interlocked.Increment(ref _refused);
            throw new StoreUnavailableException("It is away for a moment.");
        }

        public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation) => records.FindRecordAsync(kind, id, cancellation);

        public ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation) => records.TryWriteRecordAsync(record, cancellation);

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) =>
            records.TryDeleteRecordAsync(kind, id, version, cancellation);
    }

    /// <summary>In which no job comes further than its first write until it is released.</summary>
    private sealed class HeldRecords(IRecords records) : IRecords
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);

        /// <summary>Jobs, in the order in which they began.</summary>
        public ConcurrentQueue<string> Begun { get; } = new();

        public void Release(string job) => _held[job].SetResult();

        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation) =>
            records.ListRecordsAsync(kind, after, most, cancellation);

        public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation) => records.FindRecordAsync(kind, id, cancellation);

        public async ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
        {
            // The test's own is its first version.
            if (record is { Kind: "job", Version: > 0 })
            {
                var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var first = _held.GetOrAdd(record.Id, mine);
                if (first == mine)
                    Begun.Enqueue(record.Id);
                await first.Task.WaitAsync(cancellation);
            }

            return await records.TryWriteRecordAsync(record, cancellation);
        }

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) =>
            records.TryDeleteRecordAsync(kind, id, version, cancellation);
    }

    /// <param name="write">The number of the write that fails, from 1.</param>
    /// <param name="isMade">Whether it is made before it fails.</param>
    private sealed class FailingRecords(IRecords records, int write, bool isMade) : IRecords
    {
        private int _writes;

        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation) =>
            records.ListRecordsAsync(kind, after, most, cancellation);

        public ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation) => records.FindRecordAsync(kind, id, cancellation);

        public async ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
        {
            var fails = ++_writes == write;
            if (fails && !isMade)
                throw new StoreUnavailableException("It ends here.");
            var written = await records.TryWriteRecordAsync(record, cancellation);
            return fails ? throw new StoreUnavailableException("It ends here.") : written;
        }

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) =>
            records.TryDeleteRecordAsync(kind, id, version, cancellation);
    }
}
