using System.Diagnostics;

namespace Millrace.Simulation.Seeds;

/// <summary>Many seeds, on as many threads as wanted; each seed on one.</summary>
public sealed class SimulationRun
{
    private readonly Lock _lock = new();

    /// <summary>Seeds that ended.</summary>
    public long Seeds { get; private set; }

    public long Orders { get; private set; }

    public long Violations { get; private set; }

    public Coverage Coverage { get; } = new();

    /// <summary>The failing seeds with the lowest numbers.</summary>
    public SortedDictionary<ulong, SeedResult> Failures { get; } = [];

    public TimeSpan Elapsed { get; private set; }

    /// <param name="first">The first seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="settings">For each.</param>
    /// <param name="threads">1 or more.</param>
    /// <param name="maxFailures">Ends early after so many failing seeds: the first ones tell the story.</param>
    /// <param name="progress">Told after each seed, under a lock.</param>
    /// <param name="cancellation">Ends it between two seeds.</param>
    public static SimulationRun Run(
        ulong first, long count, SeedSettings settings, int threads, int maxFailures, Action<SimulationRun>? progress, CancellationToken cancellation)
    {
        var run = new SimulationRun();
        var watch = Stopwatch.StartNew();
        var next = -1L;
        void Work()
        {
            while (!cancellation.IsCancellationRequested && run.Failures.Count < maxFailures)
            {
                var index = Interlocked.Increment(ref next);
                if (index >= count)
                    return;
                run.Take(SeedResult.Run(first + (ulong)index, settings), watch.Elapsed, progress);
            }
        }

        var workers = Enumerable.Range(0, threads).Select(i => new Thread(Work) { Name = $"seeds-{i}", IsBackground = true }).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        run.Elapsed = watch.Elapsed;
        return run;
    }

    private void Take(SeedResult result, TimeSpan elapsed, Action<SimulationRun>? progress)
    {
        lock (_lock)
        {
            Seeds++;
            Orders += result.Orders;
            Violations += result.Report.ViolationCount;
            Coverage.Add(result.Coverage);
            Elapsed = elapsed;
            if (result.Report.ViolationCount > 0)
                Failures.Add(result.Seed, result);
            progress?.Invoke(this);
        }
    }
}
