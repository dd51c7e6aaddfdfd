using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Millrace.Cli.Torture;

/// <summary>
/// A shopper who never gives up: every request is repeated with its own key, at the next node if there is one, until it is answered, however often servers die
/// meanwhile. Places orders, does something with a few of them, repeats old requests, and writes down what it is told.
/// </summary>
internal sealed class TortureClient(IReadOnlyList<HttpClient> nodes, AckRecord told, int number, int seed, CancellationToken cancellation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);
    private readonly Random _random = new(seed + number);
    private readonly List<Ack> _mine = [];
    private int _misses;

    /// <summary>Answers that broke a rule, in words.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Until told to stop; the request under way is brought to its answer first.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await PlaceAsync($"client-{number}-{i}");
            if (_mine.Count == 0)
                continue;
            var some = _mine[_random.Next(_mine.Count)];
            switch (_random.Next(20))
            {
                case 0: await RepeatAsync(some); break;
                case 1: await ChangeAsync(some, "cancel", TortureShop.Nothing); break;
                case 2: await ChangeAsync(some, "ship", TortureShop.Nothing); break;
                case 3: await ChangeAsync(some, "deliver", TortureShop.Nothing); break;
                case 4: await ChangeAsync(some, "refunds", TortureShop.Refund(_random.Next(1, 100))); break;
            }
        }
    }

    /// <summary>The order as it is now; null when it is not there.</summary>
    public async Task<JsonElement?> FindAsync(Ack order)
    {
        var (status, body) = await AnswerAsync(HttpMethod.Get, $"/v1/orders/{order.Order}", null, null);
        return status == HttpStatusCode.OK ? body : null;
    }

    /// <summary>Sends the placement again: the answer must be about the same order.</summary>
    public async Task RepeatAsync(Ack order)
    {
        var (status, body) = await AnswerAsync(HttpMethod.Post, "/v1/orders", order.Body, order.Key);
        if (status != HttpStatusCode.Accepted || body.Text("id") != order.Order)
            Complaints.Add($"{order.Key} was acknowledged as {order.Order} and is answered {status} {body}");
    }

    public Task ResumeAsync(Ack order, int round) => ChangeAsync(order, "resume", TortureShop.Nothing, $":{round}");

    private async Task PlaceAsync(string key)
    {
        var bytes = TortureShop.Order(_random, key);
        var (status, body) = await AnswerAsync(HttpMethod.Post, "/v1/orders", bytes, key);
        if (status != HttpStatusCode.Accepted)
        {
            Complaints.Add($"{key} was answered {status} {body}");
            return;
        }

        var ack = new Ack(key, bytes, body.Text("id"));
        told.Add(ack);
        told.Tell(ack.Order, body.GetProperty("version").GetInt32(), isCanceled: false);
        _mine.Add(ack);
    }

    // It may be too early or too late for it: then the answer is a 409, and that is well. Any other is a promise, as that of an order is.
    private async Task ChangeAsync(Ack order, string what, byte[] bytes, string suffix = "")
    {
        var (status, body) = await AnswerAsync(HttpMethod.Post, $"/v1/orders/{order.Order}/{what}", bytes, $"{order.Key}:{what}{suffix}");
        if (status is HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.Created)
            told.Tell(order.Order, body.GetProperty("version").GetInt32(), isCanceled: what == "cancel");
        // A refund's key is used again with another amount now and then, and refused for it.
        else if (status is not (HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity))
            Complaints.Add($"{what} of {order.Order} was answered {status} {body}");
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> AnswerAsync(HttpMethod method, string path, byte[]? body, string? key)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path);
                if (key is not null)
                    request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
                if (body is not null)
                    request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                using var response = await nodes[(number + _misses) % nodes.Count].SendAsync(request, patience.Token);
                if (Refusal.Fault(response) is { } fault)
                {
                    Complaints.Add($"{method} {path} {fault}");
                }
                else if (!Refusal.Is(response.StatusCode))
                {
                    var bytes = await response.Content.ReadAsByteArrayAsync();
                    return (response.StatusCode, bytes.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(bytes));
                }
            }
            catch (OperationCanceledException late) when (patience.IsCancellationRequested)
            {
                cancellation.ThrowIfCancellationRequested();
                throw new InvalidOperationException($"{method} {path} was not answered for {Patience.TotalMinutes} minutes.", late);
            }
            catch (TaskCanceledException silent) when (silent.InnerException is TimeoutException)
            {
                // A server that is alive refuses in time; one that stands still does so for less than the limit.
                Complaints.Add($"{method} {path} hung");
            }
            catch (Exception broken) when (broken is HttpRequestException or SocketException or TaskCanceledException or IOException)
            {
                // No answer: the server is dead. The same request again, with the same key.
            }

            // Any node takes any request.
            _misses++;
            await Task.Delay(Pause, cancellation);
        }
    }
}
