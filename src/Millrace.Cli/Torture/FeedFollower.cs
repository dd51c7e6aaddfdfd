using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary>Follows all orders through whatever is done to the nodes, as another program would: page after page, each time from the cursor that it kept.</summary>
/// <param name="nodes">Any of them knows every cursor; asked in turn.</param>
internal sealed class FeedFollower(IReadOnlyList<HttpClient> nodes)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Dictionary<string, int> _versions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private string? _cursor;
    private int _turn;

    /// <summary>Events that it was told.</summary>
    public int Followed => _ids.Count;

    public IEnumerable<string> Complaints => _complaints;

    /// <summary>Until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await NextAsync() is null or false)
                await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>All is at rest: what it was told is now the whole of every order.</summary>
    public async Task CompareAsync(IReadOnlyCollection<Ack> acknowledged, CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (await NextAsync() is not false)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TimeProvider.System.GetElapsedTime(startedAt) > Patience)
            {
                _complaints.Enqueue("feed: it does not come to its end");
                return;
            }
        }

        if (_versions.Count != acknowledged.Count)
            _complaints.Enqueue($"feed: it told of {_versions.Count} orders, and {acknowledged.Count} were acknowledged");
        await Parallel.ForEachAsync(acknowledged, cancellation, async (ack, token) =>
        {
            var order = await nodes[0].GetFromJsonAsync<JsonElement>($"/v1/orders/{ack.Order}", token);
            if (order.GetProperty("version").GetInt32() is var version && version != _versions.GetValueOrDefault(ack.Order))
                _complaints.Enqueue($"feed: {ack.Order} has {version} events, and it told of {_versions.GetValueOrDefault(ack.Order)}");
        });
    }

    /// <returns>Whether there was more; null when the node did not answer.</returns>
    private async Task<bool?> NextAsync()
    {
        try
        {
            using var answer = await nodes[_turn++ % nodes.Count].GetAsync("/v1/events?limit=200" + (_cursor is null ? "" : "&after=" + _cursor), CancellationToken.None);
            if (answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                return null;
            if (!answer.IsSuccessStatusCode)
            {
                _complaints.Enqueue($"feed: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
                return null;
            }

            var page = await answer.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None);
            page.Rows().ForEach(Take);
            _cursor = page.Text("next_cursor");
            return page.GetProperty("has_more").GetBoolean();
        }
        catch (Exception lost) when (lost is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private void Take(JsonElement told)
    {
        var (order, version) = (told.Text("subject"), int.Parse(told.Text("sequence"), System.Globalization.CultureInfo.InvariantCulture));
        if (!_ids.Add(told.Text("id")))
            _complaints.Enqueue($"feed: {told.Text("id")} was told twice");
        if (version != _versions.GetValueOrDefault(order) + 1)
            _complaints.Enqueue($"feed: event {version} of {order} came after event {_versions.GetValueOrDefault(order)}");
        _versions[order] = version;
    }
}
