using System.Collections.Concurrent;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Stock;

/// <summary>What the orders that this node has taken lately ask for most, each tenant's apart. In memory: it starts with the node. Thread-safe.</summary>
internal sealed class ItemDemand(TimeProvider time)
{
    /// <summary>Items of one tenant that are counted one by one.</summary>
    public const int MostItems = 200;

    // With two times 200 items of 150 bytes each at most.
    private const int MostTenants = 1_000;

    /// <summary>What is told is of one to two of them.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<TenantId, TenantDemand> _tenants = new();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _start = time.GetTimestamp();
    private long _forgotIn;

    /// <param name="order">Taken just now, for the first time.</param>
    public void Note(OrderPlacement order)
    {
        var period = Now;
        if (_tenants.TryGetValue(order.Tenant, out var demand) || HasRoom(period))
            (demand ?? _tenants.GetOrAdd(order.Tenant, static _ => new TenantDemand())).Note(period, order.Lines);
    }

    /// <returns>The tenant's, the most units first, and since when they are counted; null while the node counts for as many others as it can.</returns>
    public (IReadOnlyList<HeavyHitter<string>> Items, DateTimeOffset Since)? Top(TenantId tenant, int most)
    {
        var period = Now;
        var since = period == 0 ? _startedAt : _startedAt + (Period * (period - 1));
        if (_tenants.TryGetValue(tenant, out var demand))
            return ([.. demand.Read(period).OrderByDescending(item => item.Units).ThenBy(item => item.Key, StringComparer.Ordinal).Take(most)], since);
        return HasRoom(period) ? ([], since) : null;
    }

    private long Now => time.GetElapsedTime(_start).Ticks / Period.Ticks;

    // Once a period those are forgotten of whom nothing was heard.
    private bool HasRoom(long period)
    {
        if (_tenants.Count < MostTenants)
            return true;
        if (Interlocked.Exchange(ref _forgotIn, period) != period)
        {
            foreach (var (tenant, demand) in _tenants)
            {
                if (demand.IsOver(period))
                    _tenants.TryRemove(tenant, out _);
            }
        }

        return _tenants.Count < MostTenants;
    }

    private sealed class TenantDemand
    {
        private readonly Lock _lock = new();
        private HeavyHitters<string> _before = new(MostItems);
        private HeavyHitters<string> _now = new(MostItems);
        private long _period;

        public void Note(long period, LineItem[] lines)
        {
            lock (_lock)
            {
                Turn(period);
                foreach (var line in lines)
                    _now.Add(line.Sku, line.Quantity);
            }
        }

        public List<HeavyHitter<string>> Read(long period)
        {
            lock (_lock)
            {
                Turn(period);
                return [.. _before.Kept.Concat(_now.Kept).Select(item => item.Key).Distinct(StringComparer.Ordinal).Select(Both)];
            }
        }

        public bool IsOver(long period)
        {
            lock (_lock)
            {
                Turn(period);
                return _before.Kept.Count == 0 && _now.Kept.Count == 0;
            }
        }

        private HeavyHitter<string> Both(string sku)
        {
            var (before, now) = (_before.Find(sku), _now.Find(sku));
            return new HeavyHitter<string>(sku, before.Times + now.Times, before.Units + now.Units, before.MostUnits + now.MostUnits);
        }

        // Another thread may have seen the later one already.
        private void Turn(long period)
        {
            if (period <= _period)
                return;
            (_before, _now) = (period == _period + 1 ? _now : new HeavyHitters<string>(MostItems), new HeavyHitters<string>(MostItems));
            _period = period;
        }
    }
}
