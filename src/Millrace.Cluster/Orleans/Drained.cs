using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;

namespace Millrace.Cluster.Orleans;

/// <summary>The nodes that an operator wants to own nothing, as this node read of them last. By name, so that it holds over a restart.</summary>
internal sealed class Drained(IClusterMembershipService members) : IAuditFollower
{
    private const string DrainedAction = "node.drained";
    private const string UndrainedAction = "node.undrained";
    private volatile IReadOnlySet<string> _names = new HashSet<string>();

    public IReadOnlySet<string> Names => _names;

    public static string ActionFor(bool isDrained) => isDrained ? DrainedAction : UndrainedAction;

    public void Apply(AuditEntry entry)
    {
        if (entry.Action == DrainedAction)
            _names = new HashSet<string>(_names, StringComparer.Ordinal) { entry.Subject };
        else if (entry.Action == UndrainedAction)
            _names = _names.Where(name => name != entry.Subject).ToHashSet(StringComparer.Ordinal);
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
