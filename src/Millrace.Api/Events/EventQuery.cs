using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Feed;

namespace Millrace.Api.Events;

/// <summary>What the feed is asked for.</summary>
internal sealed record EventQuery(FeedFilter Filter)
{
    public const int MaxLimit = 200;
    private const int DefaultLimit = 50;
    private const string Now = "now";

    /// <summary>Null for the beginning, or the end: see <see cref="IsFromNow"/>.</summary>
    public FeedCursor? After { get; private init; }

    public bool IsFromNow { get; private init; }

    public FeedShare? Share { get; private init; }

    public int Limit { get; private init; } = DefaultLimit;

    /// <returns>Null when <paramref name="query"/> is good.</returns>
    public static Problem? Read(IQueryCollection parameters, TenantId tenant, EventFeed feed, int partitions, out EventQuery query)
    {
        query = new EventQuery(new FeedFilter(tenant));
        foreach (var (name, values) in parameters)
        {
            var value = values.Count == 1 && values[0] is { Length: > 0 } one ? one : null;
            var problem = value is null ? Refuse(name, "is given once, and not empty") : ReadOne(name, value, feed, partitions, ref query);
            if (problem is not null)
                return problem;
        }

        if (query.After is { } after && query.Share is { } share && share != after.Share)
            return new Problem(ProblemKinds.InvalidCursor, $"The cursor is of the share {after.Share}.");
        return query.After is not null || feed.Fits(query.Share ?? FeedShare.All)
            ? null
            : Refuse("share", $"is needed: of this store's {partitions} partitions nobody follows more than {FeedCursor.MostLogs} at once; take 1/{(partitions + FeedCursor.MostLogs - 1) / FeedCursor.MostLogs}, and so on");
    }

    /// <summary>As a stream goes on that was interrupted.</summary>
    /// <returns>Null when <paramref name="query"/> is good.</returns>
    public static Problem? GoOn(string? lastEventId, EventFeed feed, ref EventQuery query)
    {
        if (string.IsNullOrEmpty(lastEventId))
            return null;
        if (!FeedCursor.TryParse(lastEventId, out var cursor) || !feed.Knows(cursor))
            return new Problem(ProblemKinds.InvalidCursor, "Last-Event-ID is not from this feed.");
        query = query with { After = cursor, IsFromNow = false };
        return null;
    }

    public async ValueTask<FeedCursor> BeginAsync(EventFeed feed, CancellationToken cancellation) => After
        ?? (IsFromNow ? await feed.EndAsync(Share ?? FeedShare.All, cancellation) : await feed.StartAsync(Share ?? FeedShare.All, cancellation));

    public EventQuery FromNowUnlessTold() => After is null ? this with { IsFromNow = true } : this;

    /// <summary>Address of the next page.</summary>
    public static string NextUrl(IQueryCollection parameters, FeedCursor next)
    {
        var query = new QueryBuilder(parameters.Where(p => p.Key != "after")) { { "after", next.ToString() } };
        return "/v1/events" + query.ToQueryString();
    }

    private static Problem? ReadOne(string name, string value, EventFeed feed, int partitions, ref EventQuery query)
    {
        switch (name)
        {
            case "after" when value == Now: query = query with { IsFromNow = true }; return null;
            case "after" when FeedCursor.TryParse(value, out var cursor) && feed.Knows(cursor): query = query with { After = cursor }; return null;
            case "after": return new Problem(ProblemKinds.InvalidCursor, "The cursor is not from this feed: take next_cursor of the page before, or now.");
            case "type" when Types(value) is { } types: query = query with { Filter = query.Filter with { Types = types } }; return null;
            case "type": return Refuse(name, "is one or several names of order events, such as order.confirmed.v1, separated by commas");
            case "share" when FeedShare.TryParse(value, partitions, out var share): query = query with { Share = share }; return null;
            case "share": return Refuse(name, $"is number/of, such as 1/4; up to {partitions}, the partitions of this store");
            case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit: query = query with { Limit = limit }; return null;
            case "limit": return Refuse(name, $"is 1 to {MaxLimit}");
            default: return Refuse(name.Length <= 32 ? name : name[..32], "is not a parameter of this list");
        }
    }

    // One that this version does not know would never come: whoever mistypes it learns so at once.
    private static HashSet<string>? Types(string value)
    {
        var types = value.Split(',').ToHashSet(StringComparer.Ordinal);
        return types.IsSubsetOf(EventNames.OfOrders) ? types : null;
    }

    private static Problem Refuse(string name, string rule) => new(ProblemKinds.InvalidParameter, $"The parameter {name} {rule}.");
}
