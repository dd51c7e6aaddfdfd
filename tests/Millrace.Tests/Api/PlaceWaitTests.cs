using Microsoft.Extensions.DependencyInjection;
using Millrace.Cluster;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>Who waits for an order's end has as long as he said, whatever its partition does meanwhile.</summary>
public sealed class PlaceWaitTests : IAsyncLifetime
{
    private readonly HeldGateway _gateway = new();
    private readonly ApiServer _server;

    public PlaceWaitTests() => _server = new ApiServer { Gateway = _gateway };

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_partition_that_moves_while_somebody_waits_for_its_order_does_not_end_the_waiting()
    {
        await _server.StockAsync("SKU", 10);
        var placing = _server.PostAsync("/v1/orders", Bodies.Order("SKU").ToJsonString(), "key", "Prefer: wait=30");
        await Eventually.Async(() => Task.FromResult(_gateway.Asked == 1), "the payment is under way");
        var runtime = _server.Services.GetRequiredService<PartitionRuntime>();
        var all = Enumerable.Range(0, runtime.Map.Count).ToList();
        await Task.WhenAll(all.Select(runtime.StopAsync));
        all.ForEach(runtime.Start);
        await Eventually.Async(() => Task.FromResult(_gateway.Asked == 2), "whoever has it now asks again");
        _gateway.Answer.SetResult();
        Assert.Equal((201, "confirmed"), await AnswerOf(placing));
    }

    [Fact]
    public async Task Nobody_waits_longer_than_he_said_for_a_partition_that_does_not_come_back()
    {
        await _server.StockAsync("SKU", 10);
        var placing = _server.PostAsync("/v1/orders", Bodies.Order("SKU").ToJsonString(), "key", "Prefer: wait=2");
        await Eventually.Async(() => Task.FromResult(_gateway.Asked == 1), "the payment is under way");
        var runtime = _server.Services.GetRequiredService<PartitionRuntime>();
        await Task.WhenAll(Enumerable.Range(0, runtime.Map.Count).Select(runtime.StopAsync));
        Assert.Equal((202, "pending"), await AnswerOf(placing));
    }

    [Fact]
    public async Task Who_waited_in_vain_is_shown_how_far_his_order_has_come()
    {
        await _server.StockAsync("SKU", 10);
        var answer = await _server.PostAsync("/v1/orders", Bodies.Order("SKU").ToJsonString(), "key", "Prefer: wait=1");
        Assert.Equal((202, "pending", "authorize"), (answer.Status, answer.Text("status"), (string)answer["payment"]["pending"]!));
        Assert.Equal($"\"{answer["version"]}\"", answer.Header("ETag"));
    }

    private static async Task<(int, string)> AnswerOf(Task<ApiAnswer> placing)
    {
        var answer = await placing;
        return (answer.Status, answer.Text("status"));
    }
}
