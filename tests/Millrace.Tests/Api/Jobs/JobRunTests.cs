using Microsoft.Extensions.DependencyInjection;
using Millrace.Api.Admission;
using Millrace.Api.Jobs;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Read;
using Millrace.Api.Tracking;
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

    private async Task<string> AddAsync(string name, string action, JobQuery query, int rate, int limit, string status = JobStatus.Running, long createdAt = 0)
    {
        var job = new Job
        {
            Id = $"job_{NameHash.ChangeKey(Acme, "test", name + query.Customer):x32}", Tenant = "acme", Action = action, Query = query, Rate = rate, Limit = limit,
            ActorKind = ActorKind.Operator, ActorName = "ada", Payload = "", CreatedAtUnixMs = createdAt, Status = status,
        };
        Assert.NotNull(await new JobStore(_records).TryAddAsync(job, CancellationToken.None));
        return job.Id;
    }

    private async Task<bool> EndsEarlyAsync(IRecords records, string job)
    {
        try
        {
            await RunAsync(records, job);
            return false;
        }
        catch (StoreUnavailableException)
        {
            return true;
        }
    }

    private async Task RunAsync(IRecords records, string job)
    {
        var (store, services) = (new JobStore(records), _server.Services);
        var step = new JobStep(services.GetRequiredService<AdmittedRouter>(), services.GetRequiredService<WatchedOrders>());
        var run = new JobRun(store, new JobPages(services.GetRequiredService<ListOrders>()), step, services.GetRequiredService<RateLimits>(), new Client.InstantTime(TimeSpan.FromDays(1)));
        await run.RunAsync((await store.FindAsync(Acme, job, CancellationToken.None))!, CancellationToken.None);
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
