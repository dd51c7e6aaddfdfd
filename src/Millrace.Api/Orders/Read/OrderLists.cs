using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;

namespace Millrace.Api.Orders.Read;

/// <summary>A page, and when the database was as it shows: what partitions have not checkpointed by then is missing.</summary>
internal readonly record struct ListPage(OrderPage Page, long AsOfUnixMs);

/// <summary>Where lists are read: the replica while it is there and far enough, else the read model itself, once that is far enough.</summary>
internal sealed partial class OrderLists(IReadModel readModel, ReplicaReader? replica, ApiMetrics metrics, TimeProvider time, ILogger<OrderLists> logger)
{
    // A partition writes a checkpoint every second.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(50);

    // One that is away must not hold up every list for as long as it takes to find that out.
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    // Each asks the read model again and again: more would take it from those who only want a list.
    private const int MostWaiting = 32;
    private int _waiting;
    private long _askAgainAt;
    private int _isAway;

    public long NowUnixMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public bool MayAskReplica => replica is not null && time.GetTimestamp() >= Interlocked.Read(ref _askAgainAt);

    /// <returns>Null when the replica is away, or refuses it, or is not as far as <paramref name="seen"/>.</returns>
    public async ValueTask<ListPage?> FromReplicaAsync(OrderQuery query, IReadOnlyList<(OrderId Order, int Version)> seen, CancellationToken cancellation)
    {
        try
        {
            var page = await replica!(query, seen, cancellation);
            if (Interlocked.Exchange(ref _isAway, 0) == 1)
                IsBack(logger);
            if (page is not { } read)
            {
                metrics.Listed(ListOutcome.ReplicaBehind);
                return null;
            }

            metrics.ListedFromReplica(time.GetUtcNow() - read.AsOf);
            return new ListPage(read.Page, read.AsOf.ToUnixTimeMilliseconds());
        }
        catch (Exception failure) when (failure is StoreUnavailableException or StoreRefusedException)
        {
            // What it refuses one list, it may well answer the others.
            if (failure is StoreUnavailableException)
                Interlocked.Exchange(ref _askAgainAt, time.GetTimestamp() + (long)(AskAgainAfter.TotalSeconds * time.TimestampFrequency));
            if (Interlocked.Exchange(ref _isAway, 1) == 0)
                IsAway(logger, failure);
            metrics.Listed(ListOutcome.ReplicaAway);
            return null;
        }
    }

    public async ValueTask<ListPage?> FromReadModelAsync(OrderQuery query, CancellationToken cancellation)
    {
        var asOf = NowUnixMs;
        var page = await readModel.ListOrdersAsync(query, cancellation);
        metrics.Listed(ListOutcome.Primary);
        return new ListPage(page, asOf);
    }

    /// <summary>Waits until the read model shows what the client has seen: it is written a second or so behind the journal.</summary>
    /// <returns>False when it does not, for longer than that should take.</returns>
    public async ValueTask<bool> ReachedAsync(TenantId tenant, IReadOnlyList<(OrderId Order, int Version)> seen, CancellationToken cancellation)
    {
        if (seen.Count == 0)
            return true;
        try
        {
            var mayWait = Interlocked.Increment(ref _waiting) <= MostWaiting;
            return await ReachedAsync(tenant, seen, mayWait ? Patience : TimeSpan.Zero, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask<bool> ReachedAsync(TenantId tenant, IReadOnlyList<(OrderId Order, int Version)> seen, TimeSpan patience, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var pause = PollEvery;
        for (var reached = 0; reached < seen.Count;)
        {
            // Another tenant's order looks like one that there is not.
            if (await readModel.FindOrderAsync(seen[reached].Order, cancellation) is { } row && row.Tenant == tenant && row.Version >= seen[reached].Version)
            {
                reached++;
                continue;
            }

            if (time.GetElapsedTime(began) >= patience)
            {
                metrics.Listed(ListOutcome.Behind);
                return false;
            }

            await Task.Delay(pause, time, cancellation);
            pause *= 1.5;
        }

        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "The replica for lists is away, or refuses one; they are read from the primary until it answers.")]
    private static partial void IsAway(ILogger logger, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "The replica for lists is back.")]
    private static partial void IsBack(ILogger logger);
}
