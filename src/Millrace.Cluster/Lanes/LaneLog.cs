using Microsoft.Extensions.Logging;

namespace Millrace.Cluster.Lanes;

internal static partial class LaneLog
{
    [LoggerMessage(1, LogLevel.Error, "The journal could not commit a group.")]
    public static partial void CommitFailed(ILogger logger, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Partition {Partition} serves from sequence {Seq} in epoch {Epoch}.")]
    public static partial void Serving(ILogger logger, int partition, long seq, long epoch);

    [LoggerMessage(3, LogLevel.Warning, "Partition {Partition} recovers: {Reason}")]
    public static partial void Recovering(ILogger logger, int partition, string reason);

    [LoggerMessage(4, LogLevel.Critical, "Partition {Partition} is halted and serves nothing until an operator acts.")]
    public static partial void Halted(ILogger logger, int partition, Exception failure);

    [LoggerMessage(5, LogLevel.Warning, "Partition {Partition} could not be recovered yet and tries again.")]
    public static partial void RecoveryFailed(ILogger logger, int partition, Exception failure);

    [LoggerMessage(6, LogLevel.Warning, "Partition {Partition} could not read from the store.")]
    public static partial void ReadFailed(ILogger logger, int partition, Exception failure);

    [LoggerMessage(7, LogLevel.Warning, "Partition {Partition} could not store its checkpoint and tries again.")]
    public static partial void CheckpointFailed(ILogger logger, int partition, Exception failure);

    [LoggerMessage(8, LogLevel.Error, "A payment gateway threw instead of answering; the outcome counts as unknown.")]
    public static partial void GatewayThrew(ILogger logger, Exception failure);

    [LoggerMessage(10, LogLevel.Warning, "The store could not say whether partitions are still this node's; whoever waits is told to repeat.")]
    public static partial void ConfirmFailed(ILogger logger, Exception failure);

    [LoggerMessage(11, LogLevel.Warning, "Whether partition {Partition} has moved to another database could not be learned; it is started again by the supervisor.")]
    public static partial void FollowFailed(ILogger logger, int partition, Exception failure);

    [LoggerMessage(12, LogLevel.Error, "The database refuses the checkpoint of partition {Partition} and will go on to: the partition serves until its memory is full, and an operator must act.")]
    public static partial void CheckpointRefused(ILogger logger, int partition, Exception failure);

    [LoggerMessage(13, LogLevel.Information, "The checkpoint of partition {Partition} is stored again.")]
    public static partial void CheckpointTaken(ILogger logger, int partition);

    [LoggerMessage(14, LogLevel.Warning, "The names of partition {Partition} could not be read yet; it serves, looks every key up, and tries again.")]
    public static partial void NamesFailed(ILogger logger, int partition, Exception failure);

    [LoggerMessage(9, LogLevel.Warning, "Partition {Partition} could not release its claim; the next owner fences it.")]
    public static partial void ReleaseFailed(ILogger logger, int partition, Exception failure);
}
