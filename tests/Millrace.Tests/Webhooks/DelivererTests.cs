using System.Text;
using Millrace.Domain.Identity;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>Every event of every order arrives, an order's in its order, whatever the receiver answers and whenever the deliverer is stopped.</summary>
public sealed class DelivererTests : IAsyncLifetime
{
    private Receiver _receiver = null!;
    private DeliveryNode _node = null!;

    public async ValueTask InitializeAsync() => (_receiver, _node) = (await Receiver.StartAsync(), new DeliveryNode());

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Every_event_arrives_once_signed_and_in_its_orders_order()
    {
        Place(3, 2);
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(12, 4);
        await _node.StartAsync();
        await ArrivedAsync(orders, 4);
        Assert.All(orders, order => Assert.Equal([1, 2, 3, 4], Versions(order)));
        Assert.Equal(48, _receiver.Arrivals.Count);
        var secret = await _node.SecretAsync(endpoint, 1);
        Assert.All(_receiver.Arrivals, arrival => Assert.True(arrival.IsSignedWith(secret) && arrival.Id == (string)arrival.Event["id"]!));
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { BehindSince: null, LastSuccessAt: not null }, "it is known that nothing is missing");
    }

    [Fact]
    public async Task While_an_event_is_tried_again_those_behind_it_wait_and_other_orders_go_on()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(6, 4);
        var held = orders[0].ToString();
        var refused = 0;
        _receiver.Answer = (arrival, response) => Receiver.With(response, arrival.Order == held && arrival.Version == 2 && refused++ < 2 ? 500 : 204);
        await _node.StartAsync();
        await _node.UntilAsync(() => Versions(orders[0]).Count == 3 && orders.Skip(1).All(order => Versions(order).Count == 4), "others go on, and it is tried again");
        Assert.Equal([1, 2, 2], Versions(orders[0]));
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: 3 }, "what waits is shown");
        var kept = (await _node.Stored.ListWaitingAsync(endpoint.Id, null, default)).Events;
        Assert.Equal([(2, 2, 500), (3, 0, null), (4, 0, (int?)null)], kept.OrderBy(waiting => waiting.Version).Select(waiting => (waiting.Version, waiting.Attempts, waiting.Status)));
        await _node.UntilAsync(() => Versions(orders[0]).Count == 6, "the third time it is taken", stepSeconds: 20);
        Assert.Equal([1, 2, 2, 2, 3, 4], Versions(orders[0]));
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: 0, FailingSince: null }, "nothing waits");
        Assert.Empty((await _node.Stored.ListWaitingAsync(endpoint.Id, null, default)).Events);
        List<(int, string)> attempts = [];
        await _node.UntilAsync(async () => (attempts = await AttemptsAsync()).Count == 6, "all that was tried is shown");
        Assert.Equal([(1, "delivered"), (1, "waiting"), (2, "waiting"), (3, "delivered"), (1, "delivered"), (1, "delivered")], attempts);

        async Task<List<(int, string)>> AttemptsAsync() =>
            [.. (await _node.Stored.ListAttemptsAsync(endpoint.Id, default)).Where(attempt => attempt.Order == held).Reverse().Select(attempt => (attempt.Number, attempt.Outcome))];
    }

    [Fact]
    public async Task A_receiver_that_asks_for_a_minute_has_it()
    {
        await _node.AddAsync(_receiver);
        Place(1, 1);
        var at = new List<DateTimeOffset>();
        _receiver.Answer = (_, response) =>
        {
            at.Add(_node.Time.GetUtcNow());
            response.Headers.RetryAfter = "60";
            return Receiver.With(response, at.Count == 1 ? 503 : 204);
        };
        await _node.StartAsync();
        await _node.UntilAsync(() => at.Count == 2, "it is tried again", stepSeconds: 5);
        Assert.InRange(at[1] - at[0], TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task What_failed_before_the_clock_was_set_back_does_not_wait_until_it_is_as_late_again()
    {
        var endpoint = await _node.AddAsync(_receiver);
        Place(1, 1);
        _receiver.Answer = (_, response) => Receiver.With(response, _receiver.Arrivals.Count == 1 ? 503 : 204);
        await _node.StartAsync();
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: 1 }, "it has failed");
        var failedAt = _node.Time.GetUtcNow();
        _node.Time.SetBack(TimeSpan.FromDays(1));
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: 0 }, "it is tried again");
        Assert.True(_node.Time.GetUtcNow() < failedAt);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_left_alone_until_the_endpoint_is_put_again_and_misses_nothing()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(1, 3);
        _receiver.Answer = (_, response) => Receiver.With(response, 410);
        await _node.StartAsync();
        await _node.UntilAsync(() => Find(endpoint).StoppedBecause is not null, "it is stopped");
        Assert.Equal(StopReasons.Gone, Find(endpoint).StoppedBecause);
        for (var i = 0; i < 20; i++)
            await _node.UntilAsync(() => true, "time passes", stepSeconds: 60);
        Assert.Single(_receiver.Arrivals);
        _receiver.Answer = (_, response) => Receiver.With(response, 204);
        await _node.ChangeAsync(endpoint, DeliveryNode.Settings(_receiver));
        await ArrivedAsync(orders, 3);
        Assert.Equal([1, 1, 2, 3], Versions(orders[0]));
    }

    [Fact]
    public async Task A_redirect_is_a_failure_like_another()
    {
        var endpoint = await _node.AddAsync(_receiver);
        Place(1, 1);
        _receiver.Answer = (_, response) =>
        {
            response.Headers.Location = _receiver.Address.ToString();
            return Receiver.With(response, 307);
        };
        await _node.StartAsync();
        await _node.UntilAsync(async () => (await _node.StateAsync(endpoint)).LastError == SendErrors.Redirect, "it has failed");
    }

    [Fact]
    public async Task What_fails_for_three_days_has_failed_lets_its_order_go_on_and_can_be_replayed()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(1, 3);
        var isWell = false;
        _receiver.Answer = (arrival, response) => Receiver.With(response, arrival.Version == 2 && !isWell ? 500 : 204);
        await _node.StartAsync();
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Failed: 1, Waiting: 0 }, "it has failed", stepSeconds: 7_200);
        Assert.Equal([1, .. Enumerable.Repeat(2, RetrySchedule.MostAttempts), 3], Versions(orders[0]));
        Assert.Equal("failed", Assert.Single((await _node.Stored.ListWaitingAsync(endpoint.Id, null, default)).Events).ToAttempt().Outcome);
        // Also of one that has lived through a restart.
        await _node.StopAsync();
        await _node.StartAsync();
        isWell = true;
        await _node.ReplayAsync(endpoint, new ReplayOf.Failed());
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Failed: 0, Waiting: 0, ReplayedTo: > 0 }, "it was replayed");
        Assert.Equal(2, Versions(orders[0])[^1]);
        Assert.Empty((await _node.Stored.ListWaitingAsync(endpoint.Id, null, default)).Events);
    }

    [Fact]
    public async Task One_event_or_those_of_a_time_are_sent_again()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(4, 2);
        await _node.StartAsync();
        await ArrivedAsync(orders, 2);
        var one = _receiver.Arrivals.First(arrival => arrival.Version == 2);
        await _node.ReplayAsync(endpoint, new ReplayOf.One(one.Id));
        await _node.UntilAsync(() => _receiver.Arrivals.Count == 9, "one more has come");
        Assert.Equal(one.Id, _receiver.Arrivals[^1].Id);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs);
        await _node.ReplayAsync(endpoint, new ReplayOf.Range(at.AddSeconds(1), at.AddDays(1)));
        await _node.ReplayAsync(endpoint, new ReplayOf.Range(at, at.AddSeconds(1)));
        await _node.UntilAsync(() => _receiver.Arrivals.Count == 17, "all have come again");
        await _node.UntilAsync(async () => (await _node.StateAsync(endpoint)).ReplayedTo == Find(endpoint).Replays[^1].Seq, "it is known that they were made");
        Assert.All(orders, order => Assert.Equal([1, 2], Versions(order).TakeLast(2)));
        Assert.Equal(17, _receiver.Arrivals.Count);
    }

    [Fact]
    public async Task A_rotation_signs_with_both_secrets_for_a_while()
    {
        var endpoint = await _node.AddAsync(_receiver);
        await _node.StartAsync();
        await _node.RotateAsync(endpoint, TimeSpan.FromHours(1));
        var (former, present) = (await _node.SecretAsync(endpoint, 1), await _node.SecretAsync(endpoint, 2));
        await PlaceAndArriveAsync();
        Assert.True(_receiver.Arrivals[^1].IsSignedWith(former) && _receiver.Arrivals[^1].IsSignedWith(present));
        _node.Time.Advance(TimeSpan.FromHours(1));
        await PlaceAndArriveAsync();
        Assert.True(!_receiver.Arrivals[^1].IsSignedWith(former) && _receiver.Arrivals[^1].IsSignedWith(present));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopped_in_the_middle_again_and_again_nothing_is_missing_and_nothing_out_of_order(bool isOneLog)
    {
        await using var node = new DeliveryNode(isOneLog);
        await node.AddAsync(_receiver);
        var orders = Place(30, 5, node);
        var dice = new Random(7);
        var taken = new List<(string Order, int Version)>();
        _receiver.Answer = (arrival, response) =>
        {
            lock (taken)
            {
                var isTaken = dice.Next(10) > 1;
                if (isTaken)
                    taken.Add((arrival.Order, arrival.Version));
                return Receiver.With(response, isTaken ? 204 : 500);
            }
        };
        for (var life = 1; life <= 6; life++)
        {
            await node.StartAsync();
            var goal = life * 20;
            await node.UntilAsync(() => _receiver.Arrivals.Count >= goal, "some arrive", stepSeconds: 10);
            await node.StopAsync();
        }

        await node.StartAsync();
        await node.UntilAsync(() => orders.All(order => Taken(order).Distinct().Count() == 5), "all have arrived", stepSeconds: 900);
        Assert.All(orders, order => Assert.Equal([1, 2, 3, 4, 5], Taken(order).Distinct()));

        List<int> Taken(OrderId order)
        {
            lock (taken)
                return [.. taken.Where(one => one.Order == order.ToString()).Select(one => one.Version)];
        }
    }

    [Fact]
    public async Task When_as_many_wait_as_may_the_endpoint_stands_and_its_lag_grows_and_is_made_up_for()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(DeliveryNode.MaxWaiting + 20, 1);
        var isWell = false;
        _receiver.Answer = (_, response) => Receiver.With(response, isWell ? 204 : 500);
        await _node.StartAsync();
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: DeliveryNode.MaxWaiting, BehindSince: not null }, "it is full");
        Assert.Equal(DeliveryNode.MaxWaiting, _receiver.Arrivals.Select(arrival => arrival.Order).Distinct().Count());
        isWell = true;
        await ArrivedAsync(orders, 1, stepSeconds: 5);
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: 0, BehindSince: null }, "nothing waits");
    }

    [Fact]
    public async Task Where_it_is_not_known_how_far_an_endpoint_was_all_of_its_time_is_told_again()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(3, 2);
        await _node.StartAsync();
        await ArrivedAsync(orders, 2);
        await _node.StopAsync();
        await _node.Stored.ForgetAsync(endpoint.Id, default);
        await _node.StartAsync();
        await _node.UntilAsync(() => _receiver.Arrivals.Count == 12, "all have come again");
        Assert.All(orders, order => Assert.Equal([1, 2, 1, 2], Versions(order)));
    }

    [Fact]
    public async Task What_another_node_decides_whose_clock_is_behind_arrives_though_it_seems_older_than_the_endpoint()
    {
        _node.Time.Advance(TimeSpan.FromMinutes(10));
        await _node.AddAsync(_receiver);
        var orders = Place(2, 2);
        await _node.StartAsync();
        await ArrivedAsync(orders, 2);
    }

    [Fact]
    public async Task An_endpoint_that_begins_again_is_told_nothing_of_before_its_time_and_after_that_everything()
    {
        Place(2, 2);
        _node.Time.Advance(TimeSpan.FromMinutes(10));
        var endpoint = await _node.AddAsync(_receiver);
        await _node.Stored.ForgetAsync(endpoint.Id, default);
        await _node.StartAsync();
        await _node.UntilAsync(async () => await _node.Stored.FindStateAsync(endpoint.Id, default) is { Cursors.Count: > 0, BehindSince: null }, "it has come to the end");
        await _node.StopAsync();
        Assert.Empty(_receiver.Arrivals);
        // By a clock that is behind.
        var orders = Place(2, 2);
        await _node.StartAsync();
        await ArrivedAsync(orders, 2);
        Assert.Equal(4, _receiver.Arrivals.Count);
    }

    [Fact]
    public async Task A_replay_waits_for_a_partition_that_is_on_its_way()
    {
        await using var node = new DeliveryNode(isOneLog: false);
        var endpoint = await node.AddAsync(_receiver);
        // A page, so that the replay comes to the other partition after it has begun.
        var (first, second) = (node.Journal.NewOrder(0), node.Journal.NewOrder(1));
        node.Journal.Decide(first, EndpointDelivery.PageSize);
        node.Journal.Decide(second);
        await node.StartAsync();
        await node.UntilAsync(async () => await node.StateAsync(endpoint) is { BehindSince: null, LastSuccessAt: not null }, "all have arrived");
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = async (_, response) =>
        {
            await answer.Task;
            response.StatusCode = 204;
        };
        var at = DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs);
        await node.ReplayAsync(endpoint, new ReplayOf.Range(at, at.AddSeconds(1)));
        await node.UntilAsync(() => Versions(first).Count == EndpointDelivery.PageSize + 1, "it has begun");
        node.Journal.Away = 1;
        answer.SetResult();
        await node.UntilAsync(() => Versions(first).Count == 2 * EndpointDelivery.PageSize, "it has come to the other partition");
        var asked = node.Journal.Asked;
        await node.UntilAsync(() => node.Journal.Asked > asked + 20, "it looks whether that has arrived");
        Assert.Single(Versions(second));
        Assert.Equal(0, (await node.StateAsync(endpoint)).ReplayedTo);
        node.Journal.Away = null;
        await node.UntilAsync(async () => await node.StateAsync(endpoint) is { ReplayedTo: > 0 }, "it is made");
        Assert.Equal([1, 1], Versions(second));
    }

    [Fact]
    public async Task Events_that_nobody_can_tell_any_more_count_among_those_that_have_failed()
    {
        var endpoint = await _node.AddAsync(_receiver);
        Place(DeliveryNode.MaxFailed, 1);
        var body = _node.Body;
        _node.Body = told => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body(told).Span) + new string(' ', 100_000));
        _receiver.Answer = (_, response) => Receiver.With(response, 500);
        await _node.StartAsync();
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Waiting: DeliveryNode.MaxFailed }, "they wait");
        _node.Journal.Start = DeliveryNode.MaxFailed;
        await _node.UntilAsync(() => Find(endpoint).StoppedBecause == StopReasons.TooManyFailed, "it is stopped", stepSeconds: 60);
        Assert.All((await _node.Stored.ListWaitingAsync(endpoint.Id, null, default)).Events, kept => Assert.Equal(SendErrors.EventGone, kept.Error));
        Assert.All(_receiver.Arrivals, arrival => Assert.True(arrival.Body.Length > 100_000));
    }

    [Fact]
    public async Task When_as_many_have_failed_as_are_kept_the_endpoint_is_stopped_and_all_of_them_can_be_replayed()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(DeliveryNode.MaxFailed, 1);
        var isWell = false;
        _receiver.Answer = (_, response) => Receiver.With(response, isWell ? 204 : 500);
        await _node.StartAsync();
        await _node.UntilAsync(() => Find(endpoint).StoppedBecause == StopReasons.TooManyFailed, "it is stopped", stepSeconds: 7_200);
        isWell = true;
        await _node.ChangeAsync(endpoint, DeliveryNode.Settings(_receiver));
        await _node.ReplayAsync(endpoint, new ReplayOf.Failed());
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { Failed: 0, Waiting: 0, ReplayedTo: > 0 }, "all were replayed");
        Assert.All(orders, order => Assert.Equal(RetrySchedule.MostAttempts + 1, Versions(order).Count));
    }

    [Fact]
    public async Task An_endpoint_whose_next_events_are_archived_is_stopped_and_goes_on_with_the_oldest_that_are_there()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(2, 2);
        // The two first.
        _node.Journal.Start = 2;
        await _node.StartAsync();
        await _node.UntilAsync(() => Find(endpoint).StoppedBecause == StopReasons.EventsGone, "it is stopped");
        Assert.Empty(_receiver.Arrivals);
        await _node.ChangeAsync(endpoint, DeliveryNode.Settings(_receiver));
        await ArrivedAsync(orders, 1);
        Assert.All(orders, order => Assert.Equal([2], Versions(order)));
        Assert.True(Find(endpoint).IsDelivering);
    }

    // Between two looks of the deliverer, which so never learns of it.
    [Fact]
    public async Task An_endpoint_that_was_disabled_for_a_moment_is_delivered_to()
    {
        var endpoint = await _node.AddAsync(_receiver);
        var orders = Place(2, 1);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = async (_, response) =>
        {
            await answer.Task;
            response.StatusCode = 204;
        };
        await _node.StartAsync();
        await _node.UntilAsync(() => _receiver.Arrivals.Count == 1, "the first is under way, and the second waits for its turn");
        // No time passes from here on: the deliverer does not look.
        await _node.ChangeAsync(endpoint, endpoint.Settings with { IsDisabled = true });
        answer.SetResult();
        await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Async(
            () => Task.FromResult(_receiver.Arrivals.Count > 1), "the second is sent to an endpoint that is disabled", TimeSpan.FromMilliseconds(500)));
        await _node.ChangeAsync(endpoint, endpoint.Settings);
        await ArrivedAsync(orders, 1);
    }

    [Fact]
    public async Task Who_finds_that_another_delivers_begins_again_from_what_is_stored()
    {
        var endpoint = await _node.AddAsync(_receiver);
        await _node.StartAsync();
        await _node.UntilAsync(async () => (await _node.Records.FindRecordAsync("lease", "webhooks", default)) is null, "it is a node on its own");
        var state = (await _node.Records.FindRecordAsync("webhook_state", endpoint.Id, default))!;
        Assert.NotNull(await _node.Records.TryWriteRecordAsync(state, default));
        await _node.StopAsync();
        var orders = Place(3, 2);
        await _node.StartAsync();
        var again = (await _node.Records.FindRecordAsync("webhook_state", endpoint.Id, default))!;
        await _node.Records.TryWriteRecordAsync(again, default);
        await ArrivedAsync(orders, 2);
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { BehindSince: null, LastSuccessAt: not null }, "it goes on");
        Assert.All(orders, order => Assert.Equal([1, 2], Versions(order).Distinct()));
    }

    [Fact]
    public async Task An_event_that_is_too_large_to_be_kept_is_read_again()
    {
        await _node.AddAsync(_receiver);
        var (orders, body) = (Place(1, 3), _node.Body);
        _node.Body = told => told.Version == 2 ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body(told).Span) + new string(' ', 100_000)) : body(told);
        var refused = 0;
        _receiver.Answer = (arrival, response) => Receiver.With(response, arrival.Version == 2 && refused++ == 0 ? 500 : 204);
        await _node.StartAsync();
        await ArrivedAsync(orders, 3);
        Assert.Equal([1, 2, 2, 3], Versions(orders[0]));
        Assert.All(_receiver.Arrivals, arrival => Assert.Equal(arrival.Version == 2, arrival.Body.Length > 100_000));
    }

    [Fact]
    public async Task Only_what_was_asked_for_comes_and_nothing_to_an_endpoint_that_is_disabled_or_deleted()
    {
        var endpoint = await _node.AddAsync(_receiver, "order.placed.v1");
        var (settings, theirs) = (Find(endpoint).Settings, _node.Journal.NewOrder(0));
        _node.Journal.Decide(theirs, 2, Given.Other);
        var orders = Place(2, 3);
        await _node.StartAsync();
        await ArrivedAsync(orders, 1);
        await _node.UntilAsync(async () => await _node.StateAsync(endpoint) is { BehindSince: null, LastSuccessAt: not null }, "it is known that they have arrived");
        await _node.ChangeAsync(endpoint, settings with { IsDisabled = true });
        await _node.UntilAsync(() => !Find(endpoint).IsDelivering, "it is disabled");
        await _node.StopAsync();
        orders = [.. orders, .. Place(1, 1)];
        await _node.StartAsync();
        for (var i = 0; i < 20; i++)
            await _node.UntilAsync(() => true, "time passes");
        Assert.Equal(2, _receiver.Arrivals.Count);
        await _node.ChangeAsync(endpoint, settings);
        await ArrivedAsync(orders, 1);
        Assert.Equal(3, _receiver.Arrivals.Count);
        Assert.All(_receiver.Arrivals, arrival => Assert.Equal(1, arrival.Version));
        await _node.DeleteAsync(endpoint);
        await _node.UntilAsync(async () => await _node.Stored.FindStateAsync(endpoint.Id, default) is null, "it is forgotten");
    }

    private WebhookEndpoint Find(WebhookEndpoint endpoint) => _node.Endpoints.Find(Given.Acme, endpoint.Id)!;

    private List<OrderId> Place(int count, int events, DeliveryNode? node = null)
    {
        var journal = (node ?? _node).Journal;
        var orders = Enumerable.Range(0, count).Select(i => journal.NewOrder(i % 4)).ToList();
        // Each has its first, then each its second.
        for (var i = 0; i < events; i++)
            orders.ForEach(order => journal.Decide(order));
        return orders;
    }

    private List<int> Versions(OrderId order) => [.. _receiver.Arrivals.Where(arrival => arrival.Order == order.ToString()).Select(arrival => arrival.Version)];

    private Task ArrivedAsync(List<OrderId> orders, int events, double stepSeconds = 0.5) =>
        _node.UntilAsync(() => orders.All(order => Versions(order).Distinct().Count() == events), "all have arrived", stepSeconds);

    // The journal is written while nobody reads it.
    private async Task PlaceAndArriveAsync()
    {
        await _node.StopAsync();
        var orders = Place(1, 1);
        await _node.StartAsync();
        await ArrivedAsync(orders, 1);
    }
}
