using System.Collections.Concurrent;
using Millrace.Domain.Identity;

namespace Millrace.Webhooks.Sending;

/// <summary>Slots for which tenants wait, and of which none may have more than its part: receivers that let us wait cost those of other tenants little. Thread-safe.</summary>
/// <param name="all">Of all tenants together.</param>
/// <param name="each">Of one tenant.</param>
internal sealed class SharedSlots(int all, int each)
{
    private readonly SemaphoreSlim _all = new(all);

    // Of each that ever waited: as many as there are tenants with endpoints.
    private readonly ConcurrentDictionary<TenantId, SemaphoreSlim> _each = new();

    /// <summary>Waits for its tenant's turn first, so that nobody waits for those of a tenant that has its part.</summary>
    /// <returns>To be disposed of once.</returns>
    public async ValueTask<Slot> EnterAsync(TenantId tenant, CancellationToken cancellation)
    {
        var own = _each.GetOrAdd(tenant, static (_, each) => new SemaphoreSlim(each), each);
        await own.WaitAsync(cancellation);
        try
        {
            await _all.WaitAsync(cancellation);
        }
        catch
        {
            own.Release();
            throw;
        }

        return new Slot(_all, own);
    }

    internal readonly struct Slot(SemaphoreSlim all, SemaphoreSlim own) : IDisposable
    {
        public void Dispose()
        {
            all.Release();
            own.Release();
        }
    }
}
