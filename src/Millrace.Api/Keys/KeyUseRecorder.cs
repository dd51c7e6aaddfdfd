using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Keys;

/// <summary>Writes down now and then when each key was last used. What a crash loses is a minute of that.</summary>
internal sealed partial class KeyUseRecorder(ApiKeyStore keys, IAdministration administration, TimeProvider time, ILogger<KeyUseRecorder> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, long> _written = new(StringComparer.Ordinal);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await WriteAsync(stoppingToken);
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        var uses = keys.List().Where(key => key.Use.UnixMs > _written.GetValueOrDefault(key.Id)).ToDictionary(key => key.Id, key => key.Use.UnixMs, StringComparer.Ordinal);
        if (uses.Count == 0)
            return;
        try
        {
            await administration.RecordKeyUsesAsync(uses, cancellation);
            foreach (var (id, at) in uses)
                _written[id] = at;
        }
        catch (StoreUnavailableException failure)
        {
            // They are written with the next.
            Failed(logger, failure);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "When keys were last used could not be written down; it is tried again.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
