namespace Millrace.Cluster.Lanes;

/// <summary>What an order that should move waits for.</summary>
internal enum BacklogStage
{
    /// <summary>Nothing that is known of: it moves, or is too young to have been looked at.</summary>
    Next,

    /// <summary>The partition of its external id.</summary>
    ExternalId,

    /// <summary>A partition of its stock.</summary>
    Stock,

    /// <summary>The payment provider, or the next attempt there.</summary>
    Payment,
}

/// <summary>The orders of a stage.</summary>
/// <param name="OldestAge">Zero for none.</param>
internal readonly record struct StageBacklog(int Count, TimeSpan OldestAge);
