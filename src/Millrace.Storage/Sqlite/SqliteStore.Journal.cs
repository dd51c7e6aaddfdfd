using Microsoft.Data.Sqlite;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Native;
using SQLitePCL;

namespace Millrace.Storage.Sqlite;

public sealed partial class SqliteStore
{
    private readonly JournalFrames _frames = new();
    private long _attempts;
    private long _commits;
    private long _batches;

    public ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(owner);
        // A checkpoint under way ends first: from the claim on, none of a former owner is written.
        lock (_checkpointing)
        lock (_writing)
        {
            var head = Head(partition);
            Ready();
            long epoch = 0;
            InTransaction(_journal, session =>
            {
                var raise = session.Statement(
                    "UPDATE partition_head SET epoch = epoch + 1, owner = ?2, released = 0 WHERE partition = ?1 RETURNING epoch");
                using var scope = raise.Bind(1, (long)partition).Bind(2, owner).Use();
                epoch = raise.Step() ? raise.Int64(0) : throw new InvalidOperationException($"Partition {partition} has no head.");

                // RETURNING hands out its row before the statement is done.
                raise.Step();
            });
            head.Epoch = epoch;
            head.MustClaim = false;
            // One process: no node of an earlier version runs beside it, and none could open the migrated schema again.
            return ValueTask.FromResult(new JournalClaim(epoch, head.Last.Seq, head.Last.Chain, PayloadFormat.Newest));
        }
    }

    public ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        RequireWellMade(group);
        lock (_writing)
        {
            Ready();
            var outcomes = Stage(group, out var count);
            if (count > 0 && !TryCommit(group, outcomes, count))
                Array.Fill(outcomes, AppendOutcome.Fenced);
            return ValueTask.FromResult(outcomes);
        }
    }

    public ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_writing)
        {
            var head = Head(partition);
            Ready();
            if (head.Epoch == epoch)
            {
                InTransaction(_journal, session => session
                    .Statement("UPDATE partition_head SET released = 1 WHERE partition = ?1 AND epoch = ?2")
                    .Bind(1, (long)partition).Bind(2, epoch).Run());
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(claims);
        if (_closed)
            throw new StoreUnavailableException("The store is closed.");
        // Without the lock: it would wait for the commit under way.
        return ValueTask.FromResult(claims.Select(claim => Head(claim.Partition).Epoch == claim.Epoch).ToArray());
    }

    // A batch whose chain is wrong would be durable and unreadable. Hashing it again costs about 0.1 ns a byte.
    private static void RequireWellMade(IReadOnlyList<PartitionBatch> group)
    {
        foreach (var batch in group)
        {
            if (batch.LastSeq < batch.FirstSeq || !batch.IsIntact())
                throw new ArgumentException($"Batch {batch.BatchId} does not carry the chain of its content.", nameof(group));
        }
    }

    private AppendOutcome[] Stage(IReadOnlyList<PartitionBatch> group, out int count)
    {
        var outcomes = new AppendOutcome[group.Count];
        _attempts++;
        count = 0;
        for (var i = 0; i < outcomes.Length; i++)
        {
            var isNext = Head(group[i].Partition).TryStage(_attempts, group[i]);
            outcomes[i] = isNext ? AppendOutcome.Appended : AppendOutcome.Fenced;
            count += isNext ? 1 : 0;
        }

        return outcomes;
    }

    /// <summary>False when another process has written the row: the lock on the folder did not hold.</summary>
    private bool TryCommit(IReadOnlyList<PartitionBatch> group, AppendOutcome[] outcomes, int count)
    {
        var position = _lastPosition + 1;
        _frames.Start(position, count);
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] == AppendOutcome.Appended)
                _frames.Add(group[i]);
        }

        _journal.Begin();
        try
        {
            _journal.Session.Statement("INSERT INTO journal (position, batches) VALUES (?1, ?2)")
                .Bind(1, position).Bind(2, _frames.Bytes).Run();
            _journal.Session.Statement("UPDATE journal_end SET position = ?1").Bind(1, position).Run();
        }
        catch (SqliteException fault)
        {
            _journal.Rollback();
            if (fault.SqliteErrorCode != raw.SQLITE_CONSTRAINT)
                throw SqliteWriter.Unavailable(fault);
            _mustReadHeads = true;
            Array.ForEach(_heads, head => head.MustClaim = true);
            return false;
        }

        try
        {
            _journal.Commit();
        }
        catch (AmbiguousCommitException)
        {
            _mustReadHeads = true;
            ForAppended(group, outcomes, static (head, _) => head.MustClaim = true);
            throw;
        }

        _lastPosition = position;
        ForAppended(group, outcomes, (head, batch) =>
        {
            head.Tail = null;
            head.Advance(new BatchMark(batch.LastSeq, batch.Chain, position));
        });
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _batches, count);
        return true;
    }

    private void ForAppended(
        IReadOnlyList<PartitionBatch> group, AppendOutcome[] outcomes, Action<PartitionHead, PartitionBatch> action)
    {
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] == AppendOutcome.Appended)
                action(_heads[group[i].Partition], group[i]);
        }
    }
}
