using Millrace.Cluster;
using Millrace.Domain.Identity;
using Millrace.Engine.Requests;

namespace Millrace.Api.Admission;

/// <summary>
/// Brings requests to their partitions as the gate lets them. What finishes an order by itself (payments, timers, webhooks of providers) does
/// not come this way: it is never kept waiting by what is new.
/// </summary>
internal sealed class AdmittedRouter(PartitionRouter router, AdmissionGate gate, BacklogGuard guard) : IDisposable
{
    /// <summary>The code of a reply to a request that was refused before anything was done for it.</summary>
    public const string OverloadedCode = "overloaded";

    /// <summary>The code of a reply to a new order while those before it stand still.</summary>
    public const string BacklogCode = "backlog";

    private static readonly PartitionReply Behind = PartitionReply.Unavailable(BacklogCode, "Orders that were placed before have not moved for too long.");
    private static readonly PartitionReply Overloaded = PartitionReply.Unavailable(OverloadedCode, "More is asked for than can be done now.");

    // A connection to another node is everybody's, and so is a turn: what is not known by then is told as that.
    private const int MostAskedAtOnce = 64;
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _asking = new(MostAskedAtOnce);

    public PartitionMap Map => router.Map;

    /// <summary>Asks other nodes for items of a request that is to follow, in one turn of the gate.</summary>
    /// <returns>Null when it is done; else the reply to the request.</returns>
    public async ValueTask<PartitionReply?> AskAsync(
        TenantId tenant, IReadOnlyCollection<string> skus, Priority priority, TimeSpan? patience, CancellationToken cancellation)
    {
        if (guard.IsBehind)
            return Behind;
        if (!await EnterAsync(priority, tenant, patience))
            return Overloaded;
        var entered = gate.Now;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AskPatience);
        try
        {
            await Task.WhenAll(skus.Select(sku => AskOneAsync(tenant, sku, limit.Token)));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Pricing knows what to say of an item whose owner does not answer.
        }
        finally
        {
            gate.Leave(entered);
        }

        return null;
    }

    private async Task AskOneAsync(TenantId tenant, string sku, CancellationToken cancellation)
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            await router.AskAsync(tenant, sku).WaitAsync(cancellation);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <param name="request">As for <see cref="PartitionRouter.SendAsync"/>.</param>
    /// <param name="priority">Its class.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="patience">How long its answer is waited for; null for as long as it takes.</param>
    /// <param name="cancellation">As for <see cref="PartitionRouter.SendAsync"/>.</param>
    public async ValueTask<PartitionReply> SendAsync(
        PartitionRequest request, Priority priority, TenantId tenant, TimeSpan? patience, CancellationToken cancellation)
    {
        if (guard.IsBehind && request is PartitionRequest.PlaceOrder)
            return Behind;
        if (!await EnterAsync(priority, tenant, patience))
            return Overloaded;
        var entered = gate.Now;
        try
        {
            return await router.SendAsync(request, cancellation);
        }
        finally
        {
            gate.Leave(entered);
        }
    }

    public void Dispose() => _asking.Dispose();

    private ValueTask<bool> EnterAsync(Priority priority, TenantId tenant, TimeSpan? patience) =>
        gate.EnterAsync(priority, tenant.Value, patience is { } time ? gate.Now + (time.Ticks * 100) : long.MaxValue);
}
