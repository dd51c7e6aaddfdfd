namespace Millrace.Engine.Partitions;

/// <summary>The bounds of one partition. Everything that could grow has one.</summary>
public sealed record PartitionOptions
{
    /// <summary>Orders kept in memory; clean ones beyond it are evicted, oldest first, and loaded again on demand.</summary>
    public int MaxOrdersInMemory { get; init; } = 256;

    /// <summary>Orders on their way to confirmed beyond which new ones are refused with 503: work in progress outranks admission.</summary>
    public int MaxUnsettled { get; init; } = 4_096;

    /// <summary>Orders that no stored checkpoint shows yet, beyond which new ones are refused: they cannot be evicted, and are the
    /// work of the next recovery.</summary>
    public int MaxUncheckpointed { get; init; } = 8_192;

    /// <summary>Messages not yet acknowledged by other partitions beyond which new orders are refused.</summary>
    public int MaxOutbox { get; init; } = 65_536;

    /// <summary>Bytes waiting for the journal beyond which new orders are refused.</summary>
    public int MaxPendingBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Commands waiting for cold orders or names to be read.</summary>
    public int MaxWaiting { get; init; } = 1_024;

    /// <summary>Callers waiting for orders to settle.</summary>
    public int MaxAwaiting { get; init; } = 8_192;

    /// <summary>Names kept in memory; older ones stand behind a filter and an indexed look-up.</summary>
    public int MaxRecentNames { get; init; } = 4_096;

    /// <summary>Attempts at one payment request before the order is parked.</summary>
    public int PaymentAttempts { get; init; } = 8;

    /// <summary>First pause after an unknown outcome; doubles each time, with jitter, up to <see cref="PaymentRetryCap"/>.</summary>
    public TimeSpan PaymentRetryBase { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan PaymentRetryCap { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a message to another partition may stay unacknowledged before it is sent again.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Between two checkpoints of the partition, when anything changed.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(1);
}
