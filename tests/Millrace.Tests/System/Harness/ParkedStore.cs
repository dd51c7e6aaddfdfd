using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The data folder of a node whose orders of the tenant acme wait for a person, written by a node of its own: a server only has to be started on it.</summary>
public static class ParkedStore
{
    /// <param name="directory">Of a server that has not run yet.</param>
    /// <param name="groups">Reasons and how many orders wait for each; those of the first are the oldest.</param>
    /// <returns>The orders, oldest first.</returns>
    public static async Task<string[]> WriteAsync(string directory, params (string Code, int Orders)[] groups)
    {
        await using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = directory, PartitionCount = 1 });
        using var runtime = new PartitionRuntime(
            store, store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(meters.GetRequiredService<IMeterFactory>()),
            new PartitionRuntimeOptions { Lanes = 1, Partition = new PartitionOptions { CheckpointEvery = TimeSpan.FromMilliseconds(50) } }, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        runtime.Start(0);
        await Eventually.Async(() => Task.FromResult(runtime.IsReady), "the partition serves");
        var router = new PartitionRouter(runtime);
        var codes = groups.SelectMany(group => Enumerable.Repeat(group.Code, group.Orders)).ToList();
        var begunMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - codes.Count;
        var orders = codes.Select((code, i) => (Id: OrderId.Create(begunMs + i, 0, (ulong)i), Code: code, Key: $"k{i}")).ToList();
        await Parallel.ForEachAsync(orders, new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (order, _) =>
        {
            Assert.Equal(ReplyStatus.Accepted, (await router.SendAsync(new PartitionRequest.PlaceOrder(order.Id, Given.Keyed(order.Key), Given.Shop))).Status);
            Assert.Equal(ReplyStatus.Accepted, (await router.SendAsync(new PartitionRequest.ChangeOrder(order.Id, Given.Acme, new OrderCommand.Park(order.Code, "Its rules fail."), Given.Shop, null, null))).Status);
        });
        await Eventually.Async(
            async () => (await store.ListAttentionAsync(Given.Acme, orders.Count, TestContext.Current.CancellationToken)).Sum(group => group.Orders) == orders.Count, "they are in the read model");
        return [.. orders.Select(order => order.Id.ToString())];
    }
}
