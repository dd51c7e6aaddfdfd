namespace Millrace.Simulation.Faults;

/// <summary>What can go wrong in a simulated world. Each is off, ordinary or extreme for a whole seed.</summary>
public enum FaultKind
{
    /// <summary>A node dies between two instructions and starts again with an empty memory.</summary>
    Crash,

    /// <summary>A node stands still, and then goes on as if nothing had happened.</summary>
    Pause,

    /// <summary>A partition is started on a second node while the first still runs it.</summary>
    DoubleActivation,

    /// <summary>A partition is handed over in good order.</summary>
    HandOver,

    /// <summary>A node's clock jumps, forward or back.</summary>
    ClockJump,

    /// <summary>The database's primary dies: what its standby does not have is gone.</summary>
    Failover,

    /// <summary>The database's disk is full for a while.</summary>
    DiskFull,

    /// <summary>One commit is refused.</summary>
    RefusedCommit,

    /// <summary>A commit's request, its answer, or neither in time: nobody knows.</summary>
    AmbiguousCommit,

    /// <summary>Commits take up to ten times as long.</summary>
    SlowDisk,

    FailedRead,
    LostMessage,
    RepeatedMessage,

    /// <summary>Messages overtake each other.</summary>
    ReorderedMessage,

    /// <summary>A client's request or its answer does not arrive.</summary>
    LostRequest,

    /// <summary>A client asks a node that does not own the order, or no longer.</summary>
    StaleRoute,

    /// <summary>The PSP times out, before the effect.</summary>
    PspLostRequest,

    /// <summary>The PSP times out, after the effect.</summary>
    PspLostAnswer,

    PspDecline,

    /// <summary>The PSP is away for seconds.</summary>
    PspOutage,

    /// <summary>The PSP forgets its idempotency keys after a while.</summary>
    PspKeyExpiry,

    LostWebhook,
    RepeatedWebhook,

    /// <summary>A command that makes an order's decider throw.</summary>
    Poison,

    /// <summary>All buyers come at once, and a partition has room for few.</summary>
    Overload,

    /// <summary>Caches of one order or name, so that almost everything is cold.</summary>
    TinyMemory,

    /// <summary>Some nodes are of the version before, and are replaced one by one; then the store's payload format is raised.</summary>
    VersionSkew,
}
