using System.Text.Json.Nodes;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>
/// A shopper who never gives up: every request is repeated with its own key until it is answered, however often the
/// server dies meanwhile. Also repeats old requests, and cancels.
/// </summary>
internal sealed class LoadClient(ApiClient api, Acknowledgements told, int seed, string[] skus)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Random _random = new(seed);
    private readonly List<Acknowledged> _mine = [];

    /// <summary>Until told to stop; the request under way is brought to its answer first.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await PlaceAsync($"client-{seed}-{i}");
            if (_random.Next(10) == 0)
                await RepeatAsync(_mine[_random.Next(_mine.Count)]);
            if (_random.Next(10) == 0)
                await CancelAsync(_mine[_random.Next(_mine.Count)]);
        }
    }

    /// <summary>Sends the same request again; the answer must be about the same order.</summary>
    public async Task RepeatAsync(Acknowledged order)
    {
        var answer = await AnswerAsync(() => api.PlaceAsync(order.Body, order.Key));
        Assert.Equal((202, order.Order, "true"), (answer.Status, answer.Id(), answer.Header("Idempotent-Replayed")));
    }

    private async Task PlaceAsync(string key)
    {
        var body = NextOrder(key).ToJsonString();
        string[] prefer = _random.Next(2) == 0 ? ["Prefer: wait=2"] : [];
        var answer = await AnswerAsync(() => api.PlaceAsync(body, key, prefer));
        Assert.True(answer.Status is 200 or 201 or 202, $"{key}: {answer}");
        var order = new Acknowledged(key, body, answer.Id(), answer.Status);
        told.Add(order);
        _mine.Add(order);
    }

    // An order that was rejected meanwhile cannot be canceled; whether it was is compared in the end.
    private async Task CancelAsync(Acknowledged order)
    {
        var answer = await AnswerAsync(() => api.PostAsync($"/v1/orders/{order.Order}/cancel", "{}", order.Key));
        if (answer.Status == 200)
            order.IsCanceled = true;
        else
            answer.Problem(409, "not_cancelable");
    }

    private JsonObject NextOrder(string key)
    {
        var token = _random.Next(20) switch { 0 => "tok_decline", 1 => "tok_timeout_once", _ => "tok_visa" };
        var order = Bodies.Order(skus[_random.Next(skus.Length)], _random.Next(1, 4), token);
        if (_random.Next(2) == 0)
            order["lines"]!.AsArray().Add(Bodies.Order(skus[_random.Next(skus.Length)])["lines"]![0]!.DeepClone());
        if (_random.Next(4) == 0)
            order["external_id"] = key;
        return order;
    }

    private async Task<ApiAnswer> AnswerAsync(Func<Task<ApiAnswer>> send)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            try
            {
                var answer = await send();
                if (answer.Status is not (429 or 503))
                    return answer;
                Assert.NotNull(answer.Header("Retry-After"));
            }
            catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException or IOException)
            {
                patience.Token.ThrowIfCancellationRequested();
            }

            told.CountRetry();
            await pause.WaitForNextTickAsync(patience.Token);
        }
    }
}
