namespace Millrace.Api.Admission;

/// <summary>
/// Requests that wait for their turn: by priority, and within one in turns over tenants, so that who sends more waits longer and nobody else does.
/// Not thread-safe.
/// </summary>
internal sealed class FairQueue
{
    private readonly Turns[] _byPriority = [.. Enum.GetValues<Priority>().Select(_ => new Turns())];

    public int Count { get; private set; }

    /// <summary>When the one that waits for longest came, in nanoseconds; null when nobody waits.</summary>
    public long? Oldest => _byPriority.Min(turns => turns.Oldest);

    public void Add(Waiting waiting)
    {
        _byPriority[(int)waiting.Priority].Add(waiting);
        Count++;
    }

    /// <returns>Null when there is none.</returns>
    public Waiting? Take()
    {
        foreach (var turns in _byPriority)
        {
            if (turns.Take() is { } next)
            {
                Count--;
                return next;
            }
        }

        return null;
    }

    /// <summary>Takes out those that have waited too long, each tenant's first ones first: one behind another that is not late stays.</summary>
    public List<Waiting> TakeLate(Func<Waiting, bool> isLate)
    {
        var late = new List<Waiting>();
        foreach (var turns in _byPriority)
            turns.TakeLate(isLate, late);
        Count -= late.Count;
        return late;
    }

    private sealed class Turns
    {
        private readonly Dictionary<string, Queue<Waiting>> _byTenant = new(StringComparer.Ordinal);

        // Every tenant that waits, once.
        private readonly Queue<string> _next = new();

        public long? Oldest
        {
            get
            {
                long? oldest = null;
                foreach (var own in _byTenant.Values)
                {
                    if (own.TryPeek(out var first) && !(oldest <= first.Since))
                        oldest = first.Since;
                }

                return oldest;
            }
        }

        public void Add(Waiting waiting)
        {
            if (!_byTenant.TryGetValue(waiting.Tenant, out var own))
            {
                _byTenant[waiting.Tenant] = own = new Queue<Waiting>();
                _next.Enqueue(waiting.Tenant);
            }

            own.Enqueue(waiting);
        }

        public Waiting? Take()
        {
            while (_next.TryDequeue(out var tenant))
            {
                var own = _byTenant[tenant];
                if (!own.TryDequeue(out var first))
                {
                    _byTenant.Remove(tenant);
                    continue;
                }

                if (own.Count > 0)
                    _next.Enqueue(tenant);
                else
                    _byTenant.Remove(tenant);
                return first;
            }

            return null;
        }

        public void TakeLate(Func<Waiting, bool> isLate, List<Waiting> late)
        {
            foreach (var own in _byTenant.Values)
            {
                while (own.TryPeek(out var first) && isLate(first))
                    late.Add(own.Dequeue());
            }
        }
    }
}

/// <summary>A request that waits for its turn.</summary>
/// <param name="Priority">Its class.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Since">When it came, in nanoseconds.</param>
/// <param name="Deadline">When nobody waits for its answer any more, in nanoseconds.</param>
internal sealed record Waiting(Priority Priority, string Tenant, long Since, long Deadline)
{
    // Asynchronous: whoever leaves must not run what the next one does.
    private readonly TaskCompletionSource<bool> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True when its turn came; false when it was refused.</summary>
    public Task<bool> Turn => _turn.Task;

    public void End(bool isAdmitted) => _turn.TrySetResult(isAdmitted);
}
