using Microsoft.Extensions.Logging;
using Millrace.Engine.Journal;
using Millrace.Feed;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Webhooks.Delivering;

/// <summary>
/// Delivers to one endpoint while this node may: reads the feed on, tries again what failed, and makes the replays that are asked for. The feed's cursor is
/// stored after all before it is delivered or stored to be tried again, so whatever is stopped, at whatever point, is repeated in part and left out in none.
/// </summary>
internal sealed partial class EndpointDelivery : IDisposable
{
    /// <summary>Events that are read, and begun, at once: what a crash repeats at most of those that were delivered.</summary>
    public const int PageSize = 100;

    // Of all tenants together, and of one: as many as four of its endpoints can have.
    private const int MostInFlight = 256;
    private const int MostOfOneTenant = 4 * AttemptWindow.Most;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private static readonly SharedSlots InFlight = new(MostInFlight, MostOfOneTenant);
    private readonly DeliveryTools _tools;
    private readonly ILogger _logger;
    private readonly AttemptWindow _window = new();
    private readonly WaitingRoom _room;
    private readonly DeliveryJournal _journal;
    private WebhookEndpoint _endpoint;

    public EndpointDelivery(WebhookEndpoint endpoint, DeliveryTools tools, ILogger logger)
    {
        (_endpoint, _tools, _logger) = (endpoint, tools, logger);
        _room = new WaitingRoom(tools.Stored.Records, endpoint.Id);
        _journal = new DeliveryJournal(endpoint.Id, tools.Stored, _room, tools.Time);
    }

    /// <summary>As metrics show it.</summary>
    public DeliveryState State => _journal.State;

    /// <summary>Until it is canceled, or the endpoint stands still.</summary>
    /// <exception cref="StoreUnavailableException">It is to be begun again, from what is stored. The same of all else that it throws.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await _journal.LoadAsync(cancellation);
        await _room.LoadAsync(_tools.Stored, cancellation);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] loops = [FollowAsync(ending.Token), RetryAsync(ending.Token), ReplayAsync(ending.Token), SaveAsync(ending.Token)];
        var first = await Task.WhenAny(loops);
        await ending.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What was tried last is for people: what hinders it is told by the next who delivers, if it matters.
        using var patience = new CancellationTokenSource(LastWords, _tools.Time);
        await _journal.SaveAttemptsAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    public void Dispose() => _journal.Dispose();

    private async Task SaveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await WaitAsync(SaveEvery, cancellation);
            await _journal.SaveAttemptsAsync(cancellation);
            if (_journal.IsWorthSaving())
                await _journal.SaveAsync(cancellation);
        }
    }

    private Task HandleAsync(IReadOnlyList<FeedEvent> events, FeedCursor from, CancellationToken cancellation) => InLinesAsync(events, told => told.Order, async told =>
    {
        var what = new WaitingEvent(told.Id, told.Order.ToString(), told.Version, told.Type, 0) { TellAgainFrom = from.ToStoredText() };
        var body = _tools.Body(told);
        if (!await _room.TryQueueAsync(what, body, cancellation) && await TryAsync(what, body, cancellation) is { } again)
            await _room.AddAsync(again, body, cancellation);
        else if (_room.FindFailed(told.Id) is { } failed)
            await _room.RemoveAsync(failed, cancellation);
    });

    // Of each key one after another, of all keys at once.
    private static Task InLinesAsync<T, TKey>(IReadOnlyList<T> all, Func<T, TKey> key, Func<T, Task> handle) => Task.WhenAll(all.GroupBy(key).Select(async line =>
    {
        foreach (var one in line)
            await handle(one);
    }));

    /// <returns>Null when it was taken; else what is to be kept of it.</returns>
    private async Task<WaitingEvent?> TryAsync(WaitingEvent what, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var (endpoint, result) = await SendAsync(what.Id, body, cancellation);
        var now = _tools.Time.GetUtcNow();
        var number = what.Attempts + 1;
        var pause = result.IsSuccess ? null : RetrySchedule.PauseAfter(number, result.RetryAfter, Random.Shared.NextDouble());
        var after = what with
        {
            Attempts = number, LastAt = now, DueAt = now + pause, Status = result.Status, Error = result.Error, DurationMs = (long)result.Took.TotalMilliseconds,
            IsFailed = !result.IsSuccess && pause is null,
        };
        _journal.Tried(result.IsSuccess ? after.ToAttempt() with { Outcome = AttemptOutcomes.Delivered } : after.ToAttempt(), now);
        if (result.IsGone)
            await _tools.Endpoints.StopAsync(endpoint, StopReasons.Gone, cancellation);
        return result.IsSuccess ? null : after;
    }

    private async Task<(WebhookEndpoint Endpoint, SendResult Result)> SendAsync(string id, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        await _window.EnterAsync(cancellation);
        SendResult? result = null;
        try
        {
            using var slot = await InFlight.EnterAsync(_endpoint.Tenant, cancellation);
            var endpoint = await UntilDeliveringAsync(cancellation);
            var signing = await _tools.Secrets.SigningAsync(endpoint, _tools.Time.GetUtcNow(), cancellation);
            result = await _tools.Sender.SendAsync(endpoint.Tenant, endpoint.Settings.Url, id, body, signing, cancellation);
            _tools.Metrics.Tried(result);
            return (endpoint, result);
        }
        finally
        {
            _window.Leave(result);
        }
    }

    /// <returns>Null when nobody can tell the event any more.</returns>
    private async Task<ReadOnlyMemory<byte>?> BodyOfAsync(Waiting waiting, CancellationToken cancellation)
    {
        var body = await _room.ReadBodyAsync(waiting, cancellation) ?? throw new OvertakenException();
        if (!body.IsEmpty)
            return body;
        return waiting.What.TellAgainFrom is { } from && await _tools.Feed.FindAsync(from, new FeedFilter(_endpoint.Tenant), waiting.What.Id, cancellation) is { } told
            ? _tools.Body(told)
            // Not null alone: that is a body of nothing, which would be sent.
            : (ReadOnlyMemory<byte>?)null;
    }

    // As others may have changed it meanwhile.
    private WebhookEndpoint Now() => _endpoint = _tools.Endpoints.Find(_endpoint.Tenant, _endpoint.Id) ?? _endpoint;

    private FeedFilter Filter() => new(_endpoint.Tenant, Now().Settings.Types?.ToHashSet(StringComparer.Ordinal));

    private Task StopAsync(string reason, CancellationToken cancellation) => _tools.Endpoints.StopAsync(Now(), reason, cancellation);

    // Until the deliverer sees that there is nothing to do here any more, and cancels; or until there is again, before it has looked.
    private async Task<WebhookEndpoint> UntilDeliveringAsync(CancellationToken cancellation)
    {
        var endpoint = Now();
        for (; !endpoint.IsDelivering; endpoint = Now())
            await WaitAsync(Poll, cancellation);
        return endpoint;
    }

    private Task WaitAsync(TimeSpan pause, CancellationToken cancellation) => Task.Delay(pause, _tools.Time, cancellation);
}
