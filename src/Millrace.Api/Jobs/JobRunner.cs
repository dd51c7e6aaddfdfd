using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Jobs;

/// <summary>Runs the jobs of all tenants, at one node of all that share the store. Begins again where another left off, or this one before a restart.</summary>
internal sealed partial class JobRunner(JobStore store, JobRun run, Leases leases, TimeProvider time, ILogger<JobRunner> logger) : BackgroundService
{
    private const string Duty = "jobs";

    // Each asks for one order at a time. A tenant's second job waits until all have their first.
    private const int MostAtOnce = 16;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leases.RunAsync(Duty, RunAsync, stoppingToken);

    private async Task RunAsync(CancellationToken held)
    {
        var running = new Dictionary<string, Running>(StringComparer.Ordinal);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(held);
        try
        {
            await store.MarkAllAsync(held);
            while (true)
            {
                foreach (var (id, _) in running.Where(one => one.Value.Run.IsCompleted).ToList())
                    running.Remove(id);
                foreach (var job in (await LookAsync(running, held)).Take(MostAtOnce - running.Count))
                    running.Add(job.Record.Id, new Running(job.Job.Tenant, RunAsync(job, ending.Token)));
                await Task.Delay(LookEvery, time, held);
            }
        }
        finally
        {
            // Also where a look failed: all are begun again from what is stored, and none is waited for that may go on for a day. None of them throws.
            await ending.CancelAsync();
            await Task.WhenAll(running.Values.Select(one => one.Run));
        }
    }

    // Once for each, not at every look.
    private void Unreadable(string id)
    {
        if (_unreadable.Count < MostAtOnce && _unreadable.Add(id))
            NotRead(logger, id);
    }

    /// <returns>What is to be run and does not: every tenant's first, then every tenant's second, and so on, where those that run count.</returns>
    private async Task<IEnumerable<StoredJob>> LookAsync(Dictionary<string, Running> running, CancellationToken held)
    {
        var jobs = new List<StoredJob>();
        await foreach (var (mark, stored) in store.ListMarkedAsync(Unreadable, held))
        {
            // Its mark goes when nobody is at it any more.
            if (running.ContainsKey(mark.Id))
                continue;
            if (stored is { Job.Status: JobStatus.Running })
            {
                jobs.Add(stored);
                continue;
            }

            await store.UnmarkAsync(mark, held);
            if (stored is { Job.IsOpen: false })
                await store.RetireAsync(stored.Job.Owner, held);
        }

        var underWay = running.Values.CountBy(one => one.Tenant, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return jobs.GroupBy(job => job.Job.Tenant, StringComparer.Ordinal)
            .SelectMany(tenant => tenant.OrderBy(job => job.Job.CreatedAtUnixMs).Select((job, place) => (job, place: underWay.GetValueOrDefault(tenant.Key) + place)))
            .OrderBy(placed => placed.place).ThenBy(placed => placed.job.Job.CreatedAtUnixMs).Select(placed => placed.job);
    }

    private async Task RunAsync(StoredJob job, CancellationToken held)
    {
        try
        {
            await run.RunAsync(job, held);
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
            // Whoever has the lease next goes on.
        }
        catch (StoreUnavailableException failure)
        {
            // It is begun again at the next look.
            Away(logger, job.Job.Id, failure);
        }
        catch (Exception failure)
        {
            Failed(logger, job.Job.Id, failure);
            await GiveUpAsync(job, held);
        }
    }

    // What fails once for a reason of its own fails again: an operator may resume it.
    private async Task GiveUpAsync(StoredJob job, CancellationToken held)
    {
        try
        {
            while (await store.FindAsync(job.Job.Owner, job.Job.Id, held) is { Job.Status: JobStatus.Running } now
                && await store.TrySaveAsync(now, now.Job with { Status = JobStatus.Failed, EndedAtUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds() }, held) is null)
            {
                // Somebody told it something in between.
            }
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException)
        {
            Away(logger, job.Job.Id, failure);
        }
    }

    private sealed record Running(string Tenant, Task Run);

    [LoggerMessage(1, LogLevel.Warning, "The store is away; job {Job} goes on when it is back.")]
    private static partial void Away(ILogger logger, string job, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "Job {Job} was written by another version; it waits for a node that can read it.")]
    private static partial void NotRead(ILogger logger, string job);

    [LoggerMessage(2, LogLevel.Error, "Job {Job} failed; resume it once the reason is gone.")]
    private static partial void Failed(ILogger logger, string job, Exception failure);
}
