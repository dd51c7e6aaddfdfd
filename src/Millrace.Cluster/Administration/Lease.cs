using System.Text;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Administration;

/// <summary>
/// Lets one node at a time do a named duty. The holder writes the duty's record again every two seconds. Another takes over only after it has itself seen
/// the record unchanged for ten seconds, by its own monotonic clock; the holder takes its lease for lost after eight without a write that succeeded, counted
/// from before that write began: no clocks of two machines are compared, and two seconds are left in which the duty ends. A process that is stopped for
/// longer in the middle of a step still makes that step afterwards, so what a duty writes it writes by compare-and-set, or by a key that makes a repeat
/// change nothing (as to any lease: Gray and Cheriton, 1989).
/// </summary>
/// <param name="records">Where the lease is kept.</param>
/// <param name="duty">Stored name; never changed.</param>
/// <param name="holder">The node's name, for whoever looks.</param>
/// <param name="time">Monotonic: only its timestamps and timers are used.</param>
/// <param name="logger">Told of losses.</param>
public sealed partial class Lease(IRecords records, string duty, string holder, TimeProvider time, ILogger<Lease> logger)
{
    /// <summary>The kind of the records that leases are. A free one has an empty body; none is ever deleted, so that versions never come back.</summary>
    public const string RecordKind = "lease";

    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan HoldFor = TimeSpan.FromSeconds(8);
    public static readonly TimeSpan TakeOverAfter = TimeSpan.FromSeconds(10);

    // A courtesy, for which nobody waits long.
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(1);

    // Tells this lease from that of an earlier process of the same name.
    private readonly byte[] _self = Encoding.UTF8.GetBytes($"{holder} {Guid.NewGuid():N}");
    private bool _isFailing;

    /// <summary>Does the duty whenever this node has the lease, until stopped; then gives the lease back.</summary>
    /// <param name="work">Given a token that is canceled when the lease is lost or the node stops; it must end soon after. When it ends by itself, or fails because the
    /// store is away, it is begun again.</param>
    /// <param name="stopping">Ends it all.</param>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(work);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var (lease, since) = await AcquireAsync(stopping);
                await HoldAsync(lease, since, work, stopping);
                await Task.Delay(RenewEvery, time, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<(StoredRecord Lease, long Since)> AcquireAsync(CancellationToken stopping)
    {
        var watched = new WatchedLease(time);
        while (true)
        {
            var since = time.GetTimestamp();
            try
            {
                var found = await records.FindRecordAsync(RecordKind, duty, stopping);
                if (found is null || IsFree(found) || IsOwn(found) || watched.IsUnchangedFor(found.Version, TakeOverAfter))
                {
                    _isFailing = false;
                    var lease = (found ?? new StoredRecord(RecordKind, duty, 0, default)).With(_self);
                    if (await records.TryWriteRecordAsync(lease, stopping) is { } taken)
                        return (taken, since);
                }
            }
            catch (StoreUnavailableException failure)
            {
                Say(failure);
            }

            await Task.Delay(RenewEvery, time, stopping);
        }
    }

    private async Task HoldAsync(StoredRecord lease, long since, Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        using var held = new CancellationTokenSource(Left(since), time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(held.Token, stopping);
        var working = Task.Run(() => work(both.Token), CancellationToken.None);
        try
        {
            // Also while it winds down: it is not over before it is.
            while (!held.IsCancellationRequested && !await EndsWithinAsync(working, RenewEvery))
            {
                var began = time.GetTimestamp();
                var renewed = await RenewAsync(lease, held.Token);
                if (renewed is null)
                    await held.CancelAsync();
                else if (renewed.Version != lease.Version)
                    held.CancelAfter(Left(began));
                lease = renewed ?? lease;
            }

            if (held.IsCancellationRequested)
                Lost(logger, duty);
        }
        finally
        {
            // Whatever ends the renewing ends the duty first: nobody does it twice at one node.
            if (!working.IsCompleted && !held.IsCancellationRequested)
                await held.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!held.IsCancellationRequested)
            await ReleaseAsync(lease);
        await EndAsync(working, both.Token);
    }

    /// <returns>As it is stored then; as it was when the store is away; null when it is another's.</returns>
    private async Task<StoredRecord?> RenewAsync(StoredRecord lease, CancellationToken held)
    {
        try
        {
            if (await records.TryWriteRecordAsync(lease.With(_self), held) is { } renewed)
                return renewed;
            // A write that failed may have been made.
            var found = await records.FindRecordAsync(RecordKind, duty, held);
            return found is not null && IsOwn(found) ? await records.TryWriteRecordAsync(found, held) : null;
        }
        catch (StoreUnavailableException failure)
        {
            Say(failure);
            return lease;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task ReleaseAsync(StoredRecord lease)
    {
        using var patience = new CancellationTokenSource(ReleasePatience, time);
        try
        {
            await records.TryWriteRecordAsync(lease.With(default(ReadOnlyMemory<byte>)), patience.Token);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException)
        {
            // A courtesy: another waits ten seconds instead of two.
            Say(failure);
        }
    }

    private async Task EndAsync(Task working, CancellationToken canceled)
    {
        try
        {
            await working;
        }
        catch (OperationCanceledException) when (canceled.IsCancellationRequested)
        {
            // As it was told.
        }
        catch (StoreUnavailableException failure)
        {
            Say(failure);
        }
    }

    private async Task<bool> EndsWithinAsync(Task working, TimeSpan patience)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny(working, Task.Delay(patience, time, over.Token));
        await over.CancelAsync();
        return working.IsCompleted;
    }

    private TimeSpan Left(long since)
    {
        var left = HoldFor - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static bool IsFree(StoredRecord lease) => lease.Body.IsEmpty;

    private bool IsOwn(StoredRecord lease) => lease.Body.Span.SequenceEqual(_self);

    // Once, not every two seconds.
    private void Say(Exception failure)
    {
        if (!_isFailing)
            Failed(logger, duty, failure);
        _isFailing = true;
    }

    [LoggerMessage(1, LogLevel.Warning, "The store is away; whose duty {Duty} is cannot be told until it is back.")]
    private static partial void Failed(ILogger logger, string duty, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "The lease of the duty {Duty} was lost; another node may do it now.")]
    private static partial void Lost(ILogger logger, string duty);
}
