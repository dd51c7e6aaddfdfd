namespace Millrace.Storage.Memory;

/// <summary>What the disk does with the next write.</summary>
public enum MemoryFault
{
    None = 0,

    /// <summary>Nothing is written, and the store knows it.</summary>
    Unavailable = 1,

    /// <summary>Nothing is written, and the store does not know it.</summary>
    AmbiguousLost = 2,

    /// <summary>All is written, and the store does not know it.</summary>
    AmbiguousDurable = 3,
}

/// <summary>The kind of write a fault can strike.</summary>
public enum MemoryWrite
{
    Claim = 1,
    Append = 2,
    Checkpoint = 3,
    Release = 4,
}
