using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Journal;

namespace Millrace.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var plan = PlanRead(partition, afterSeq);
        foreach (var batch in plan.Kept)
        {
            if (batch.FirstSeq > afterSeq)
                yield return batch;
        }

        var walk = new ChainWalk(partition, plan.Start);
        for (var from = plan.From; from <= plan.To;)
        {
            foreach (var row in await ReadPieceAsync(from, plan.To, partition, cancellation))
            {
                foreach (var batch in row.Batches)
                {
                    if (walk.Accept(batch, row.Position) && batch.FirstSeq > afterSeq)
                        yield return batch;
                }

                if (row.Lost is not null)
                    walk.Lose(row.Position, row.Lost);
                if (walk.Damage is not null)
                    throw walk.Damage;
                from = row.Position + 1;
            }
        }

        walk.Finish();
        if ((walk.Damage ?? plan.Damage) is { } damage)
            throw damage;
        if (plan.From <= plan.To && (walk.Last.Seq, walk.Last.Chain) != (plan.End.Seq, plan.End.Chain))
            throw new JournalCorruptException(partition, walk.Last.Seq + 1, $"the log should end at {plan.End.Seq}");
    }

    /// <summary>Every batch of the store in the order of its commits, from the first, each checked like in
    /// <see cref="ReadAsync"/>. Damage ends the batches of its partition only.</summary>
    /// <exception cref="JournalCorruptException">After the last intact batch: the first damage that was found.</exception>
    public async IAsyncEnumerable<PartitionBatch> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long last;
        (BatchMark Mark, JournalCorruptException? Damage)[] ends;
        lock (_writing)
            (last, ends) = (_lastPosition, Array.ConvertAll(_heads, head => (head.Last, head.Damage)));
        var walks = new ChainWalk[ends.Length];
        for (var partition = 0; partition < walks.Length; partition++)
            walks[partition] = new ChainWalk(partition, default);

        for (long from = 1; from <= last;)
        {
            foreach (var row in await ReadPieceAsync(from, last, only: null, cancellation))
            {
                foreach (var batch in row.Batches)
                {
                    if (walks[batch.Partition].Accept(batch, row.Position))
                        yield return batch;
                }

                if (row.Lost is not null)
                    Array.ForEach(walks, walk => walk.Lose(row.Position, row.Lost));
                from = row.Position + 1;
            }
        }

        for (var partition = 0; partition < walks.Length; partition++)
        {
            var (walk, end) = (walks[partition], ends[partition]);

            // A lost row is no harm to a partition that is known to end where the walk ended.
            if (walk.Last.Seq != end.Mark.Seq || walk.Last.Chain != end.Mark.Chain)
                walk.Finish();
            if ((walk.Damage ?? end.Damage) is { } damage)
                throw damage;
            if (walk.Last.Seq != end.Mark.Seq)
                throw new JournalCorruptException(partition, walk.Last.Seq + 1, $"the log should end at {end.Mark.Seq}");
        }
    }

    private ValueTask<List<JournalRow>> ReadPieceAsync(long from, long to, int? only, CancellationToken cancellation) =>
        _journalReaders.ReadAsync(
            (from, to, only, PartitionCount),
            static (session, piece) => JournalRows.ReadPiece(session, piece.from, piece.to, piece.only, piece.PartitionCount),
            cancellation);

    /// <summary>What the opening scan kept is handed out once; otherwise the rows to read, from the nearest known mark.</summary>
    private ReadPlan PlanRead(int partition, long afterSeq)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterSeq);
        lock (_writing)
        {
            var head = Head(partition);
            if (afterSeq >= head.Checkpoint.Seq && head.Tail is { } kept)
            {
                head.Tail = null;
                return new ReadPlan { Kept = kept, Damage = head.Damage };
            }

            if (afterSeq >= head.Last.Seq && head.Damage is null)
                return new ReadPlan();
            var start = head.Find(afterSeq) ?? (afterSeq >= head.Checkpoint.Seq ? head.Checkpoint : default);
            var first = start.Seq < head.Checkpoint.Seq ? 1 : head.FirstPositionAfter(start.Seq) ?? _scanFrom;
            var to = head.Damage is null ? head.Last.Position : _lastPosition;
            return new ReadPlan { Start = start, From = first, To = to, End = head.Last, Damage = head.Damage };
        }
    }

    private readonly record struct ReadPlan()
    {
        public IReadOnlyList<PartitionBatch> Kept { get; init; } = [];

        public BatchMark Start { get; init; }

        public long From { get; init; } = 1;

        public long To { get; init; }

        public BatchMark End { get; init; }

        public JournalCorruptException? Damage { get; init; }
    }
}
