namespace Millrace.Api.Backups;

/// <summary>The backups of this process: one at a time, and the last few remembered. Thread-safe.</summary>
internal sealed partial class BackupJobs(IServiceProvider services, TimeProvider time, ILogger<BackupJobs> logger) : IHostedService, IDisposable
{
    /// <summary>Whoever asks for an older one is told to look into the folder.</summary>
    private const int MostRemembered = 16;

    // Optional: a server without a folder for backups has none.
    private readonly BackupStarter? _start = services.GetService<BackupStarter>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly Queue<BackupJob> _jobs = new();

    public bool IsConfigured => _start is not null;

    /// <summary>Whether a new one would begin now: the key is new, and none runs.</summary>
    public bool MayStart(UInt128 keyHash)
    {
        lock (_lock)
            return !_jobs.Any(job => job.IsRunning || job.KeyHash == keyHash);
    }

    /// <summary>The job of this key, begun now when the key is new.</summary>
    /// <returns>Null when another one runs, or the server stops.</returns>
    public BackupJob? StartOrFind(UInt128 keyHash, out bool isReplayed)
    {
        lock (_lock)
        {
            var job = _jobs.FirstOrDefault(j => j.KeyHash == keyHash);
            isReplayed = job is not null;
            if (job is not null)
                return job;
            if (_jobs.Any(j => j.IsRunning) || _stopping.IsCancellationRequested)
                return null;
            job = new BackupJob("bkp_" + Guid.NewGuid().ToString("N"), keyHash, time.GetUtcNow(), _start!(_stopping.Token));
            _jobs.Enqueue(job);
            if (_jobs.Count > MostRemembered)
                _jobs.Dequeue();
            _ = WatchAsync(job.Backup.Result);
            return job;
        }
    }

    public BackupJob? Find(string id)
    {
        lock (_lock)
            return _jobs.FirstOrDefault(j => j.Id == id);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Breaks off what runs, and waits until nothing of it is left: the store is closed next.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        BackupJob[] jobs;
        lock (_lock)
        {
            _stopping.Cancel();
            jobs = [.. _jobs];
        }

        foreach (var job in jobs)
            await ((Task)job.Backup.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task WatchAsync(Task<FinishedBackup> result)
    {
        try
        {
            await result;
        }
        catch (Exception failure)
        {
            Failed(logger, failure.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The backup failed: {Reason}")]
    private static partial void Failed(ILogger logger, string reason);
}
