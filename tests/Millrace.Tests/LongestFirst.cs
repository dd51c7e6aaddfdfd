using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Millrace.Tests.LongestFirst))]

namespace Millrace.Tests;

/// <summary>What takes longest begins first: else all wait at the end for one that began late.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = [EndToEnd.OwnProcesses.Name, EndToEnd.Processes.Name, "TortureTests", "SimulatorTests", "PlantedBugTests", "ShardedStoreTests", "SqliteStoreCorruptionTests", "PeerTests"];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName)).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Place(string name)
    {
        var place = Array.FindIndex(Long, part => name.Contains(part, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
