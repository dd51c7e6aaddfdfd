namespace Millrace.Api.Caching;

/// <summary>
/// Tells shared caches which groups have changed. Nothing waits for them: groups gather in a set, each at most once, and are sent until the cache has taken them. Where more gather than
/// <see cref="MostWaiting"/>, everything is purged at once in their place: more than needed, never less.
/// </summary>
internal sealed partial class Purges : BackgroundService
{
    /// <summary>The group of all public answers.</summary>
    public const string Everything = "tracking";

    public const int MostWaiting = 4_096;
    private readonly PurgeTarget[] _targets;
    private readonly TimeProvider _time;
    private readonly ILogger<Purges> _logger;

    public Purges(CdnOptions options, ApiMetrics metrics, TimeProvider time, ILogger<Purges> logger)
    {
        (_time, _logger) = (time, logger);
        _targets = [.. options.PurgeUrls.Select(url => new PurgeTarget(url, options))];
        metrics.Watch(ApiMetrics.PurgesWaiting, () => _targets.Sum(target => target.WaitingCount));
        metrics.Watch(ApiMetrics.PurgesSent, () => _targets.Sum(target => target.SentCount));
        metrics.Watch(ApiMetrics.PurgesFailed, () => _targets.Sum(target => target.FailedCount));
    }

    /// <summary>The shared caches.</summary>
    public IReadOnlyList<PurgeTarget> Targets => _targets;

    /// <summary>Whether every cache is told of changes at once.</summary>
    public bool IsWorking => _targets.Length > 0 && Array.TrueForAll(_targets, target => target.IsWorking);

    public void Add(string group)
    {
        foreach (var target in _targets)
            target.Add(group);
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var target in _targets)
            target.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_targets.Select(target => RunAsync(target, stoppingToken)));

    private async Task RunAsync(PurgeTarget target, CancellationToken stopping)
    {
        var pause = TimeSpan.Zero;
        while (true)
        {
            await Task.Delay(pause, _time, stopping);
            var failure = await target.SendAsync(stopping);
            if (failure is not null && pause == TimeSpan.Zero)
                Failed(_logger, target.Url.Host, failure);
            pause = failure is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Clamp(2 * pause.TotalMilliseconds, 100, 2_000));
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The cache at {Host} cannot be told of changes ({Reason}); it is tried again, and what it gets meanwhile is short-lived.")]
    private static partial void Failed(ILogger logger, string host, string reason);
}
