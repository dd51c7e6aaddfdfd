using Millrace.Engine.Journal;
using Millrace.Storage.Postgres.Shards;

namespace Millrace.Cli.Serve;

/// <summary>What a database needs now and then while it is served: the tables of the days to come.</summary>
internal sealed partial class PostgresChores(ShardedStore store, TimeProvider time, ILogger<PostgresChores> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(6);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await store.PrepareTimePartitionsAsync(stoppingToken);
            }
            catch (StoreUnavailableException failure)
            {
                // There are some for days ahead, and a default table behind them.
                Failed(logger, failure);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The tables of the days to come could not be made; they are tried again.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
