using System.Diagnostics.Metrics;
using Millrace.Api.Orders.Place;

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

    private static readonly KeyValuePair<string, object?> Accepted = new("outcome", "accepted");
    private static readonly KeyValuePair<string, object?> Replayed = new("outcome", "replayed");
    private static readonly KeyValuePair<string, object?> Refused = new("outcome", "refused");
    private static readonly KeyValuePair<string, object?> Unavailable = new("outcome", "unavailable");
    private static readonly KeyValuePair<string, object?>[] Lists = [.. new[] { "primary", "replica", "replica_behind", "replica_away", "behind" }.Select(name => new KeyValuePair<string, object?>("outcome", name))];
    private readonly Meter _meter;
    private readonly Counter<long> _placed;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _listed;

    public ApiMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _limited = _meter.CreateCounter<long>("millrace.requests.limited", "{request}", "Requests refused by a limit of their key or tenant.");
        _placed = _meter.CreateCounter<long>("millrace.orders.placed", "{order}", "Orders asked for, by what became of the request.");
        _listed = _meter.CreateCounter<long>("millrace.lists.read", "{page}", "Pages of lists, by what was read; of a replica that was behind or away, the primary after that.");
    }

    public void Placed(in PlaceOutcome outcome) => _placed.Add(1, Label(outcome));

    public void Listed(ListOutcome outcome) => _listed.Add(1, Lists[(int)outcome]);

    public void Limited() => _limited.Add(1);

    public void Observe(string name, string unit, string description, Func<int> read) => _meter.CreateObservableGauge(name, read, unit, description);

    public void Count(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);

    private static KeyValuePair<string, object?> Label(in PlaceOutcome outcome)
    {
        if (outcome.Problem is null)
            return outcome.IsReplay ? Replayed : Accepted;
        return outcome.Problem.Kind == Problems.ProblemKinds.Unavailable ? Unavailable : Refused;
    }
}
