namespace Millrace.Engine.Journal;

/// <summary>The store did not do it and will not: disk full, I/O error, closed. Safe to try again.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The store was told to commit and did not say whether it did.</summary>
public sealed class AmbiguousCommitException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The journal's bytes are not those that were written. The partition halts; nothing is skipped.</summary>
public sealed class JournalCorruptException(int partition, long seq, string reason)
    : Exception($"Journal of partition {partition} is damaged at sequence {seq}: {reason}.")
{
    public int Partition { get; } = partition;

    /// <summary>The first sequence that cannot be trusted.</summary>
    public long Seq { get; } = seq;
}

/// <summary>The data folder cannot be served: wrong partition count, another process, foreign files, an old library.</summary>
public class StoreRefusedException(string message) : Exception(message);

/// <summary>Another process has it, and nothing is wrong with it that is known.</summary>
public sealed class StoreInUseException(string message) : StoreRefusedException(message);
