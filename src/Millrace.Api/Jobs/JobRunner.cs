using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Jobs;

/// <summary>Runs the jobs of all tenants, at one node of all that share the store. Begins again where another left off, or this one before a restart.</summary>
internal sealed partial class JobRunner(JobStore store, JobRun run, Leases leases, TimeProvider time, ILogger<JobRunner> logger) : BackgroundService
{
    private const string Duty = "jobs";

    // Each asks for one order at a time. A tenant's second job waits until all have their first; of what waits, each has its turn.
    private const int MostAtOnce = 16;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MarkEvery = TimeSpan.FromMinutes(10);
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    // Those that have given their place away until what they wait for may be there.
    private readonly Dictionary<string, (long Since, TimeSpan For)> _resting = new(StringComparer.Ordinal);
    private volatile bool _othersWait;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leases.RunAsync(Duty, RunAsync, stoppingToken);

    private async Task RunAsync(CancellationToken held)
    {
        var running = new Dictionary<string, Running>(StringComparer.Ordinal);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(held);
        try
        {
            for (long? markedAt = null; ; await Task.Delay(LookEvery, time, held))
            {
                // Not only at the start: whoever makes a job may be cut off before its mark while we go on.
                if (markedAt is not { } at || time.GetElapsedTime(at) >= MarkEvery)
                {
                    await store.MarkAllAsync(held);
                    markedAt = time.GetTimestamp();
                }

                Clear(running);
                var waiting = await LookAsync(running, held);
                // Before they are begun: the first may wait at once.
                _othersWait = waiting.Count > MostAtOnce - running.Count;
                foreach (var job in waiting.Take(MostAtOnce - running.Count))
                {
                    var turn = new JobTurn(() => _othersWait, time);
                    running.Add(job.Record.Id, new Running(job.Job.Tenant, turn, RunAsync(job, turn, ending.Token)));
                }
            }
        }
        finally
        {
            // Also where a look failed: all are begun again from what is stored, and none is waited for that may go on for a day. None of them throws.
            await ending.CancelAsync();
            await Task.WhenAll(running.Values.Select(one => one.Run));
        }
    }

    private void Clear(Dictionary<string, Running> running)
    {
        foreach (var (id, ended) in running.Where(one => one.Value.Run.IsCompleted).ToList())
        {
            running.Remove(id);
            if (ended.Turn.Rest > TimeSpan.Zero)
                _resting[id] = (time.GetTimestamp(), ended.Turn.Rest);
        }

        foreach (var (id, _) in _resting.Where(one => time.GetElapsedTime(one.Value.Since) >= one.Value.For).ToList())
            _resting.Remove(id);
    }

    // Once for each, not at every look.
    private void Unreadable(string id)
    {
        if (_unreadable.Count < MostAtOnce && _unreadable.Add(id))
            NotRead(logger, id);
    }

    /// <returns>What is to be run and does not: every tenant's first, then every tenant's second, and so on, where those that run count. Of each of these, who came last
    /// to his turn comes last again; that is in what is stored, so another node goes on with it.</returns>
    private async Task<List<StoredJob>> LookAsync(Dictionary<string, Running> running, CancellationToken held)
    {
        var jobs = new List<StoredJob>();
        await foreach (var (mark, stored) in store.ListMarkedAsync(Unreadable, held))
        {
            // Its mark goes when nobody is at it any more.
            if (running.ContainsKey(mark.Id))
                continue;
            if (stored is { Job.Status: JobStatus.Running })
            {
                if (!_resting.ContainsKey(mark.Id))
                    jobs.Add(stored);
                continue;
            }

            await store.UnmarkAsync(mark, held);
            if (stored is { Job.IsOpen: false })
                await store.RetireAsync(stored.Job.Owner, held);
        }

        var underWay = running.Values.CountBy(one => one.Tenant, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return
        [
            .. jobs.GroupBy(job => job.Job.Tenant, StringComparer.Ordinal)
                .SelectMany(tenant => InTurn(tenant).Select((job, place) => (job, place: underWay.GetValueOrDefault(tenant.Key) + place, last: tenant.Max(job => LastTurn(job)))))
                .OrderBy(placed => placed.place).ThenBy(placed => placed.last).ThenBy(placed => placed.job.Job.CreatedAtUnixMs).Select(placed => placed.job),
        ];
    }

    private static IEnumerable<StoredJob> InTurn(IEnumerable<StoredJob> jobs) => jobs.OrderBy(LastTurn).ThenBy(job => job.Job.CreatedAtUnixMs);

    // 0 before its first.
    private static long LastTurn(StoredJob job) => job.Job.Progress.UpdatedAtUnixMs;

    private async Task RunAsync(StoredJob job, JobTurn turn, CancellationToken held)
    {
        try
        {
            await run.RunAsync(job, turn, held);
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

    private sealed record Running(string Tenant, JobTurn Turn, Task Run);

    [LoggerMessage(1, LogLevel.Warning, "The store is away; job {Job} goes on when it is back.")]
    private static partial void Away(ILogger logger, string job, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "Job {Job} was written by another version; it waits for a node that can read it.")]
    private static partial void NotRead(ILogger logger, string job);

    [LoggerMessage(2, LogLevel.Error, "Job {Job} failed; resume it once the reason is gone.")]
    private static partial void Failed(ILogger logger, string job, Exception failure);
}
