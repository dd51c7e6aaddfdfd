using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Millrace.Cluster.Orleans;

/// <summary>On the node that the key names, or nowhere: a call to a life that has ended fails, whoever makes it.</summary>
[GenerateSerializer, Immutable]
public sealed class NodePlacement : PlacementStrategy
{
    /// <summary>What a node is called in this life: for people the name, for the placement the address with its generation.</summary>
    public static string NameOf(string name, SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        return $"{name}/{silo.ToParsableString()}";
    }

    /// <summary>The name alone.</summary>
    public static string PersonalNameOf(string node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node[..node.LastIndexOf('/')];
    }

    public static SiloAddress SiloOf(string node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return SiloAddress.FromParsableString(node[(node.LastIndexOf('/') + 1)..]);
    }
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodePlacementAttribute() : PlacementAttribute(new NodePlacement());

internal sealed class NodeDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silo = NodePlacement.SiloOf(target.GrainIdentity.Key.ToString()!);
        return context.GetCompatibleSilos(target).Contains(silo)
            ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"Node {target.GrainIdentity.Key} is gone.");
    }
}
