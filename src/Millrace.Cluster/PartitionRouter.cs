using System.Collections.Concurrent;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Engine.Requests;

namespace Millrace.Cluster;

/// <summary>Brings a request to the partition that owns its order or SKU, and its reply back. Thread-safe.</summary>
public sealed class PartitionRouter(PartitionRuntime runtime)
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), Task> _asking = new();

    public PartitionMap Map => runtime.Map;

    /// <summary>Whether every partition serves.</summary>
    public bool IsReady => runtime.IsReady;

    /// <summary>See <see cref="PartitionRuntime.RefusedCheckpoints"/>.</summary>
    public IReadOnlyCollection<int> RefusedCheckpoints => runtime.RefusedCheckpoints;

    /// <summary>Whether the owner of an item must be asked before the catalog is believed.</summary>
    public bool MustAsk(TenantId tenant, string sku) =>
        runtime.Peers is not null && !runtime.IsHere(Map.OwnerOfSku(tenant, sku)) && !runtime.Catalog.IsFresh(tenant, sku, runtime.NowMs);

    /// <summary>Asks the owner of an item, and puts what it says into the catalog. Many who want to know the same ask once.</summary>
    public Task AskAsync(TenantId tenant, string sku)
    {
        var asking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _asking.GetOrAdd((tenant, sku), asking.Task);
        if (first == asking.Task)
            _ = AskAsync(tenant, sku, asking);
        return first;
    }

    private async Task AskAsync(TenantId tenant, string sku, TaskCompletionSource asking)
    {
        try
        {
            var reply = await SendAsync(new PartitionRequest.ReadItem(tenant, sku)).ConfigureAwait(false);
            if (reply.Item is { } item)
                runtime.Catalog.Publish(item, runtime.NowMs);
            else if (reply.Status == ReplyStatus.NotFound)
                runtime.Catalog.PublishNone(tenant, sku, runtime.NowMs);
            _asking.TryRemove((tenant, sku), out _);
            asking.SetResult();
        }
        catch (Exception failure)
        {
            _asking.TryRemove((tenant, sku), out _);
            asking.SetException(failure);
        }
    }

    /// <summary>Whether what the catalog has or lacks of an item may be believed. While its owner recovers or does not answer, only what it said lately.</summary>
    public bool IsKnown(TenantId tenant, string sku) =>
        runtime.IsHere(Map.OwnerOfSku(tenant, sku)) || runtime.Catalog.IsFresh(tenant, sku, runtime.NowMs) || runtime.Catalog.IsUsable(tenant, sku, runtime.NowMs);

    /// <summary>Completes once everything the reply depends on is durable; <see cref="ReplyStatus.Unavailable"/> at once when
    /// the partition recovers or its mailbox is full.</summary>
    /// <exception cref="OperationCanceledException">The caller stopped waiting; the request may still be done.</exception>
    public ValueTask<PartitionReply> SendAsync(PartitionRequest request, CancellationToken cancellation = default)
    {
        var sink = TaskReplySink.Create();
        var partition = OwnerOf(Map, request);
        if (runtime.Peers is { } peers && partition < Map.Count && !runtime.IsHere(partition))
            peers.Request(partition, request, sink);
        else
            runtime.Send(partition, request, sink);
        return new ValueTask<PartitionReply>(cancellation.CanBeCanceled ? sink.Task.WaitAsync(cancellation) : sink.Task);
    }

    internal static int OwnerOf(PartitionMap map, PartitionRequest request) => request switch
    {
        PartitionRequest.PlaceOrder r => r.Id.Partition,
        PartitionRequest.ChangeOrder r => r.Id.Partition,
        PartitionRequest.ReadOrder r => r.Id.Partition,
        PartitionRequest.AwaitSettled r => r.Id.Partition,
        PartitionRequest.ChangeStock r => map.OwnerOfSku(r.Command.Tenant, r.Sku),
        PartitionRequest.ReadItem r => map.OwnerOfSku(r.Tenant, r.Sku),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
