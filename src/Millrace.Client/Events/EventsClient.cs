using System.Runtime.CompilerServices;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Events;

/// <summary>What happens to the tenant's orders.</summary>
public sealed class EventsClient
{
    /// <summary>Instead of a cursor: what happens from now on.</summary>
    public const string Now = "now";

    private readonly Sender _sender;

    internal EventsClient(Sender sender) => _sender = sender;

    /// <summary>One page, each order's events in its order. The last one has a <see cref="Page{T}.NextCursor"/> too: it goes on from there.</summary>
    /// <param name="after"><see cref="Page{T}.NextCursor"/> or <see cref="Now"/>; null from the oldest that is kept.</param>
    /// <param name="filter">Which are wanted; null for all.</param>
    /// <param name="pageSize">1 to 200.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_events")]
    public Task<Answer<Page<CloudEvent>>> ListPageAsync(
        string? after = null, EventFilter? filter = null, int pageSize = 50, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/events", options);
        return _sender.SendAsync(call with { Path = call.Path + Query(after, filter).With("limit", pageSize) }, ClientJson.Default.PageCloudEvent, cancellation);
    }

    /// <summary>
    /// Events as they happen, until it is cancelled. It finds its way back after every interruption and misses nothing; a few events may come twice. Fails
    /// only with what no repeat would mend, such as a revoked key.
    /// </summary>
    /// <param name="after">The <see cref="FollowedEvent.Cursor"/> that was kept, <see cref="Page{T}.NextCursor"/>, or null for what happens from now on.</param>
    /// <param name="filter">Which are wanted; null for all.</param>
    /// <param name="cancellation">Ends it.</param>
    [Operation("stream_events")]
    public async IAsyncEnumerable<FollowedEvent> FollowAsync(
        string? after = null, EventFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var cursor = after == Now ? null : after;
        for (var failures = 0; ; failures++)
        {
            var call = Call.Get($"v1/events/stream");
            // Where there is a cursor, the server goes by that.
            call = (call with { Path = call.Path + Query(Now, filter) }).With("Last-Event-ID", cursor);
            using var stream = await _sender.TryOpenAsync(call, cancellation);
            while (stream is not null && await stream.ReadAsync(cancellation))
            {
                failures = 0;
                cursor = stream.Cursor;
                if (stream.Event is { } told)
                    yield return new FollowedEvent(told, cursor);
            }

            await _sender.PauseAsync(failures, cancellation);
        }
    }

    private static Query Query(string? after, EventFilter? filter) => new Query().With("after", after)
        .With("type", filter is { Types.Count: > 0 } ? string.Join(',', filter.Types) : null).With("share", filter?.Share);
}
