using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Read;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Jobs;

/// <summary>
/// Runs one job: a page of orders is noted, each of them is done, their results are kept, the next page. What is written is written by compare-and-set: whoever has
/// lost the lease and does not know it yet changes nothing of what his successor writes, and does with an order only what is done with it anyway.
/// </summary>
internal sealed class JobRun(JobStore store, JobPages pages, JobStep step, RateLimits limits, TimeProvider time)
{
    // A batch is about half a second: as long takes a job to see that it is paused, and as much is done again after a crash.
    private const int BatchesPerSecond = 2;

    // Of orders that take long, only as many: docs/jobs.md says when a job sees what it is told.
    private static readonly TimeSpan LongestBatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EmptyPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(15);

    /// <summary>Until it is over, paused or canceled, another runs it, or its turn ends.</summary>
    public async Task RunAsync(StoredJob found, JobTurn turn, CancellationToken held)
    {
        var query = found.Job.Query.ToList(found.Job.Owner);
        for (var stored = found; stored is { Job.Status: JobStatus.Running } && !turn.IsOver;)
        {
            var (job, progress) = (stored.Job, stored.Job.Progress);
            stored = progress switch
            {
                { IsCounted: false } => await CountAsync(stored, query, held),
                { Batch.Length: > 0 } => await DoAsync(stored, query, turn, held),
                _ when progress.IsAtEnd || progress.Processed >= job.Limit => await EndAsync(stored, held),
                _ => await PlanAsync(stored, query, held),
            };
        }
    }

    private async Task<StoredJob?> CountAsync(StoredJob stored, OrderListQuery query, CancellationToken held)
    {
        var total = await pages.CountAsync(stored.Job, query, () => Task.Delay(CountPause, time, held), held);
        return await SaveAsync(stored, stored.Job.Progress with { IsCounted = true, Total = total }, held);
    }

    private async Task<StoredJob?> PlanAsync(StoredJob stored, OrderListQuery query, CancellationToken held)
    {
        var (job, progress) = (stored.Job, stored.Job.Progress);
        var most = Math.Min(Math.Max(job.Rate / BatchesPerSecond, 1), job.Limit - progress.Processed);
        var (orders, next) = await pages.ReadAsync(job, query, most, OrderId.TryParse(progress.Cursor, out var before) ? before : null, held);
        // What a filter without an index looks at in vain is not looked at as fast as can be.
        if (orders.Count == 0 && next is not null)
            await Task.Delay(EmptyPause, time, held);
        var batch = new List<JobOrder>();
        foreach (var order in orders)
            batch.Add(await BeginAsync(job, order, held));
        return await SaveAsync(stored, progress with
        {
            Batch = [.. batch],
            Cursor = next?.ToString() ?? progress.Cursor,
            IsAtEnd = next is null,
        }, held);
    }

    private async ValueTask<JobOrder> BeginAsync(Job job, Order listed, CancellationToken held)
    {
        if (job.Action != JobRules.Release)
            return new JobOrder(listed.Id.ToString(), listed.Version);
        var order = await step.LookAsync(job, listed, held);
        return new JobOrder(order.Id.ToString(), order.Version, [.. order.Holds.Select(hold => hold.Id)]);
    }

    private async Task<StoredJob?> DoAsync(StoredJob stored, OrderListQuery query, JobTurn turn, CancellationToken held)
    {
        var (job, progress) = (stored.Job, stored.Job.Progress);
        var results = new List<JobResult>();
        var (pace, begunAt) = (TimeSpan.FromSeconds(1.0 / job.Rate), time.GetTimestamp());
        foreach (var order in progress.Batch)
        {
            var began = time.GetTimestamp();
            if (await UntilKnownAsync(stored, query, order, turn, held) is not { } result)
                break;
            results.Add(result);
            if (pace - time.GetElapsedTime(began) is var rest && rest > TimeSpan.Zero)
                await Task.Delay(rest, time, held);
            if (time.GetElapsedTime(begunAt) >= LongestBatch)
                break;
        }

        if (!await store.ResultsOf(job).TryWriteAsync(progress.Processed, results, held))
            return null;
        return await SaveAsync(stored, progress with
        {
            Batch = progress.Batch[results.Count..],
            Changed = progress.Changed + Count(JobOutcome.Changed),
            Unchanged = progress.Unchanged + Count(JobOutcome.Unchanged),
            Refused = progress.Refused + Count(JobOutcome.Refused),
            Skipped = progress.Skipped + Count(JobOutcome.Skipped),
        }, held);

        int Count(string outcome) => results.Count(result => result.Outcome == outcome);
    }

    /// <returns>Null when somebody has told the job to stop while it waited, or its place is another's for that long.</returns>
    private async Task<JobResult?> UntilKnownAsync(StoredJob stored, OrderListQuery query, JobOrder order, JobTurn turn, CancellationToken held)
    {
        // As a client of the tenant's would, with a key of its own.
        var caller = new Caller(stored.Job.Owner, stored.Job.Actor, Scopes.None, "jobs");
        for (var wait = LeastWait; ; wait = 2 * wait < MostWait ? 2 * wait : MostWait)
        {
            if (limits.Take(caller) is { } until)
                wait = until < MostWait ? until : MostWait;
            else if (await step.TryAsync(stored.Job, query, order, held) is { } result)
                return result;
            if (turn.EndsBefore(wait))
                return null;
            // Not all at the same moment again.
            await Task.Delay(wait * (1 + (Random.Shared.NextDouble() / 4)), time, held);
            if (await store.FindAsync(stored.Job.Owner, stored.Job.Id, held) is not { Job.Status: JobStatus.Running })
                return null;
        }
    }

    private Task<StoredJob?> EndAsync(StoredJob stored, CancellationToken held) =>
        SaveAsync(stored, stored.Job.Progress, held, job => job.Status == JobStatus.Running ? job with { Status = JobStatus.Done, EndedAtUnixMs = NowUnixMs } : job);

    /// <summary>Writes progress, onto whatever somebody has told the job in the meantime.</summary>
    /// <returns>Null when another runner has come further, or the job is gone.</returns>
    private async Task<StoredJob?> SaveAsync(StoredJob stored, JobProgress progress, CancellationToken held, Func<Job, Job>? change = null)
    {
        progress = progress with { Step = stored.Job.Progress.Step + 1, UpdatedAtUnixMs = NowUnixMs };
        for (var now = stored; now is not null && now.Job.Progress.Step == stored.Job.Progress.Step; now = await store.FindAsync(stored.Job.Owner, stored.Job.Id, held))
        {
            var job = now.Job with { Progress = progress };
            if (await store.TrySaveAsync(now, change?.Invoke(job) ?? job, held) is { } saved)
                return saved;
        }

        return null;
    }

    private long NowUnixMs => time.GetUtcNow().ToUnixTimeMilliseconds();
}
