namespace Millrace.Cluster.Orleans;

/// <summary>The nodes that an operator wants to own nothing, as this node read them last.</summary>
internal sealed class Drained(ClusterSettings? settings, IClusterMembershipService members)
{
    private volatile IReadOnlySet<string> _names = new HashSet<string>();

    public IReadOnlySet<string> Names => _names;

    public async Task ReadAsync(CancellationToken cancellation)
    {
        if (settings is not null)
            _names = await settings.ReadDrained(cancellation);
    }

    /// <summary>Those that may own partitions; all of them when none would be left.</summary>
    public IReadOnlyCollection<SiloAddress> Without(IReadOnlyCollection<SiloAddress> silos)
    {
        var names = _names;
        if (names.Count == 0)
            return silos;
        var known = members.CurrentSnapshot.Members;
        List<SiloAddress> left = [.. silos.Where(silo => !(known.TryGetValue(silo, out var member) && names.Contains(member.Name)))];
        return left.Count > 0 ? left : silos;
    }
}
