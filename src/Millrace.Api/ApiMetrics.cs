using System.Diagnostics.Metrics;
using Millrace.Api.Caching;
using Millrace.Api.Orders.Place;
using Millrace.Telemetry;

namespace Millrace.Api;

/// <summary>What a page of a list was read from, or why not from the replica.</summary>
internal enum ListOutcome
{
    Primary,
    Replica,
    ReplicaBehind,
    ReplicaAway,
    Behind,
}

/// <summary>What the edge counts itself; durations by route and status come from ASP.NET Core.</summary>
internal sealed class ApiMetrics
{
    public const string MeterName = "Millrace.Api";

    public static readonly Metric OrdersPlaced = new(
        "millrace.orders.placed", MetricKind.Counter, "{order}", "Orders asked for, by what became of the request: `accepted`, `replayed`, `refused` or `unavailable`.", "outcome");

    public static readonly Metric BatchRows = new(
        "millrace.batch.rows", MetricKind.Counter, "{row}", "Orders that were asked for as rows of a batch, by what became of them, as `millrace.orders.placed` has it. The request itself is answered with 200 even where all of them are unavailable.", "outcome");

    public static readonly Metric AcceptDuration = new(
        "millrace.order.accept.duration", MetricKind.Histogram, "s", "From an order's request, read and priced, to its durable answer; without what the caller chose to wait for. Accepted and replayed ones only.")
    {
        Boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    };

    public static readonly Metric RequestsLimited = new(
        "millrace.requests.limited", MetricKind.Counter, "{request}", "Requests refused by a limit of their key or tenant.");

    public static readonly Metric ListsRead = new(
        "millrace.lists.read", MetricKind.Counter, "{page}", "Pages of lists, by what was read; of a replica that was behind or away, the primary after that.", "outcome");

    public static readonly Metric ReplicaLag = new(
        "millrace.lists.replica.lag", MetricKind.Histogram, "s", "How old a page from the replica was; of a primary that nobody writes to, the time since the last write.")
    {
        Boundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    public static readonly Metric AdmissionLimit = new("millrace.admission.limit", MetricKind.Gauge, "{request}", "Requests that may be worked on at once.");

    public static readonly Metric AdmissionInside = new("millrace.admission.inside", MetricKind.Gauge, "{request}", "Requests that are worked on.");

    public static readonly Metric AdmissionWaiting = new("millrace.admission.waiting", MetricKind.Gauge, "{request}", "Requests that wait for their turn.");

    public static readonly Metric AdmissionAge = new(
        "millrace.admission.waiting.age", MetricKind.Gauge, "s", "For how long the oldest of them has waited; 0 for none. Above a tenth of a second they are refused.");

    public static readonly Metric AdmissionRefused = new(
        "millrace.admission.refused", MetricKind.Counter, "{request}", "Requests, rows of batches and orders of jobs refused because more was asked for than could be done.");

    public static readonly Metric LimitsShared = new(
        "millrace.limits.shared", MetricKind.Gauge, "{node}", "Whether limits are shared between nodes (1), or each gives its share (0).");

    public static readonly Metric RedisAway = new(
        "millrace.redis.away", MetricKind.Gauge, "{server}", "1 while the Redis that was configured does not answer; 0 while it does, and without one.");

    public static readonly Metric KeyExpiry = new(
        "millrace.key.expiry", MetricKind.Gauge, "s", "Until the first client has no live API key any more; absent when none has an end. A key that was replaced does not count.");

    public static readonly Metric CacheReads = new(
        "millrace.cache.reads", MetricKind.Counter, "{read}", "Answers that may come from the cache (`tracking`, `availability`), by where they came from: `hit`, `miss` or `stale`.", "cache", "outcome");

    public static readonly Metric CacheShared = new(
        "millrace.cache.shared", MetricKind.Gauge, "{node}", "Whether caches are shared between nodes through Redis (1), or each has its own (0).");

    public static readonly Metric CacheBackplaneErrors = new(
        "millrace.cache.backplane.errors", MetricKind.Counter, "{message}", "Messages between nodes' caches that could not be sent or understood.");

    public static readonly Metric PurgesWaiting = new(
        "millrace.purges.waiting", MetricKind.Gauge, "{group}", "Groups that shared caches have yet to be told of.");

    public static readonly Metric PurgesSent = new(
        "millrace.purges.sent", MetricKind.Counter, "{request}", "Purge requests that a shared cache has taken.");

    public static readonly Metric PurgesFailed = new(
        "millrace.purges.failed", MetricKind.Counter, "{request}", "Purge requests that a shared cache has not taken; they are tried again.");

    private static readonly KeyValuePair<string, object?>[] Lists = [.. new[] { "primary", "replica", "replica_behind", "replica_away", "behind" }.Select(name => new KeyValuePair<string, object?>("outcome", name))];
    private static readonly KeyValuePair<string, object?>[] CacheOutcomes = [.. new[] { "hit", "miss", "stale" }.Select(name => new KeyValuePair<string, object?>("outcome", name))];
    private static readonly string[] Outcomes = ["accepted", "replayed", "refused", "unavailable"];
    private readonly Meter _meter;
    private readonly Counts _placed;
    private readonly Counts _rows;
    private readonly Histogram<double> _accepted;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _listed;
    private readonly Histogram<double> _lag;

    public ApiMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _limited = _meter.Create(RequestsLimited);
        _placed = new Counts(_meter, OrdersPlaced, Outcomes);
        _rows = new Counts(_meter, BatchRows, Outcomes);
        _accepted = _meter.CreateHistogram(AcceptDuration);
        _listed = _meter.Create(ListsRead);
        _lag = _meter.CreateHistogram(ReplicaLag);
    }

    /// <summary>New orders since the start.</summary>
    public long Accepted => _placed.Of((int)Became.Accepted);

    public void Placed(in PlaceOutcome outcome, TimeSpan took)
    {
        _placed.Add(1, (int)PlacedAs(outcome));
        if (outcome.Problem is null)
            _accepted.Record(took.TotalSeconds);
    }

    /// <summary>One row of a batch that is answered; as an order it was counted already, where it was one.</summary>
    public void Row(in PlaceOutcome outcome) => _rows.Add(1, (int)PlacedAs(outcome));

    public void Listed(ListOutcome outcome) => _listed.Add(1, Lists[(int)outcome]);

    public void ListedFromReplica(TimeSpan lag)
    {
        _listed.Add(1, Lists[(int)ListOutcome.Replica]);
        _lag.Record(Math.Max(0, lag.TotalSeconds));
    }

    public void Limited() => _limited.Add(1);

    /// <param name="kinds">Read at each scrape.</param>
    public void WatchCacheReads(IEnumerable<CacheKind> kinds) => _meter.Watch(CacheReads, () => kinds.SelectMany(static kind => CacheOutcomes.Select(
        (label, outcome) => new Measurement<long>(kind.Count((CacheOutcome)outcome), new KeyValuePair<string, object?>("cache", kind.Name), label))));

    /// <param name="read">Asked at each scrape, from any thread.</param>
    public void Watch<T>(Metric metric, Func<T> read)
        where T : struct => _meter.Watch(metric, read);

    /// <param name="read">Asked at each scrape, from any thread; empty while there is nothing to tell.</param>
    public void Watch(Metric metric, Func<IEnumerable<Measurement<double>>> read) => _meter.Watch(metric, read);

    private static Became PlacedAs(in PlaceOutcome outcome)
    {
        if (outcome.Problem is null)
            return outcome.IsReplay ? Became.Replayed : Became.Accepted;
        return outcome.Problem.Kind == Problems.ProblemKinds.Unavailable || outcome.Problem.Kind == Problems.ProblemKinds.Overloaded || outcome.Problem.Kind == Problems.ProblemKinds.Backlog ? Became.Unavailable : Became.Refused;
    }

    // In the order of Outcomes.
    private enum Became
    {
        Accepted,
        Replayed,
        Refused,
        Unavailable,
    }
}
