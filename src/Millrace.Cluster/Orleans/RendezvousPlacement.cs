using System.IO.Hashing;
using System.Text;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Millrace.Cluster.Orleans;

/// <summary>
/// Where a partition belongs: each node is weighed against it by a hash, and the heaviest wins (Thaler and Ravishankar, 1998). All nodes come to the same
/// answer without talking, and a node that comes or goes moves no other's partitions.
/// </summary>
[GenerateSerializer, Immutable]
public sealed class RendezvousPlacement : PlacementStrategy
{
    /// <returns>The one of <paramref name="nodes"/> that should have the partition.</returns>
    public static T Choose<T>(int partition, IEnumerable<T> nodes, Func<T, string> name) =>
        nodes.MaxBy(node => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{partition}/{name(node)}")))!;

    /// <summary>A node's name in the choice: its address, which is the same in its next life.</summary>
    public static string NameOf(SiloAddress silo) => silo.Endpoint.ToString();
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class RendezvousPlacementAttribute() : PlacementAttribute(new RendezvousPlacement());

internal sealed class RendezvousDirector(Drained drained) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        // Whoever hands a partition over says to whom.
        var chosen = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos)
            ?? RendezvousPlacement.Choose((int)target.GrainIdentity.GetIntegerKey(), drained.Without(silos), RendezvousPlacement.NameOf);
        return Task.FromResult(chosen);
    }
}
