namespace Millrace.Tests.Simulation.PlantedBugs;

/// <summary>A mistake that somebody could make: one place of the source, and what stands there instead.</summary>
/// <param name="Invariant">The promise that it breaks: found as anything else it does not count. 0 when the engine itself finds it out.</param>
/// <param name="Name">The mistake in words.</param>
/// <param name="File">Below <c>src/</c>.</param>
/// <param name="Original">Stands in the file exactly once.</param>
/// <param name="Planted">Replaces it.</param>
/// <param name="Seed">The first that finds it, as far as is known: tried before all others.</param>
internal sealed record PlantedBug(int Invariant, string Name, string File, string Original, string Planted, int Seed = 1)
{
    public override string ToString() => Name;
}
