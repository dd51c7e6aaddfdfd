namespace Millrace.Tests.Simulation.PlantedBugs;

/// <summary>A mistake that somebody could make: one place of the source, and what stands there instead.</summary>
/// <param name="Name">The mistake in words.</param>
/// <param name="File">Below <c>src/</c>.</param>
/// <param name="Original">Stands in the file exactly once.</param>
/// <param name="Planted">Replaces it.</param>
internal sealed record PlantedBug(string Name, string File, string Original, string Planted)
{
    public override string ToString() => Name;
}
