using Microsoft.Extensions.Logging;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Administration;

/// <summary>The duties of which each is done by one node at a time. Thread-safe.</summary>
/// <param name="records">Where leases are kept.</param>
/// <param name="node">This node's name.</param>
/// <param name="isShared">Whether other nodes serve the same store. Where none can, nobody needs to be asked: a restart goes on at once.</param>
/// <param name="time">Of this process.</param>
/// <param name="logger">Told of losses.</param>
public sealed partial class Leases(IRecords records, string node, bool isShared, TimeProvider time, ILogger<Lease> logger)
{
    private static readonly TimeSpan AfterDefect = TimeSpan.FromSeconds(30);

    /// <summary>As <see cref="Lease.RunAsync"/>; and a duty that fails by a defect, such as a record that nobody can read, is begun again in half a minute: orders go
    /// on without it, and no node ends for it.</summary>
    /// <param name="duty">Stored name; never changed.</param>
    /// <param name="work">Does the duty.</param>
    /// <param name="stopping">Ends it all.</param>
    public async Task RunAsync(string duty, Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await (isShared ? new Lease(records, duty, node, time, logger).RunAsync(work, stopping) : RunAloneAsync(duty, work, stopping));
            }
            catch (Exception defect)
            {
                Broken(logger, duty, defect);
                await Task.Delay(AfterDefect, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunAloneAsync(string duty, Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await work(stopping);
                await Task.Delay(Lease.RenewEvery, time, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StoreUnavailableException failure)
            {
                Failed(logger, duty, failure);
                await Task.Delay(Lease.RenewEvery, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The store is away; the duty {Duty} is begun again in two seconds.")]
    private static partial void Failed(ILogger logger, string duty, Exception failure);

    [LoggerMessage(2, LogLevel.Error, "The duty {Duty} failed by a defect of ours; it is begun again in half a minute.")]
    private static partial void Broken(ILogger logger, string duty, Exception defect);
}
