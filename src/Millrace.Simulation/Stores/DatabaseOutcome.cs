namespace Millrace.Simulation.Stores;

/// <summary>What a node hears of something it asked the database to commit.</summary>
internal enum DatabaseOutcome
{
    /// <summary>Durable on primary and standby.</summary>
    Done,

    /// <summary>Nothing was written.</summary>
    Unavailable,

    /// <summary>Nobody knows.</summary>
    Ambiguous,
}
