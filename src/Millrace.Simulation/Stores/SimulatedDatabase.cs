using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Nodes;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Stores;

/// <summary>
/// A database with a synchronous standby, as nodes see it: what is committed is visible at once, is answered when the standby has
/// it, and is gone when the primary dies before that. Commits are durable in the order in which they became visible.
/// </summary>
internal sealed class SimulatedDatabase
{
    private readonly World _world;
    private readonly Dice _dice;
    private readonly PartitionTables[] _tables;
    private readonly Queue<Commit> _unreplicated = new();
    private readonly int _roundTripUs;
    private readonly int _commitUs;
    private long _lastReplicatedUs;
    private long _downUntilUs;
    private long _fullUntilUs;

    /// <summary>Visible, and not on the standby yet.</summary>
    private sealed class Commit
    {
        public required Action Undo { get; init; }
        public required Action Durable { get; init; }
        public required Action<DatabaseOutcome> Answer { get; init; }
    }

    public SimulatedDatabase(World world, int partitions, Dice dice)
    {
        _world = world;
        _dice = dice;
        _tables = [.. Enumerable.Range(0, partitions).Select(_ => new PartitionTables())];
        if (world.Plan.Has(FaultKind.VersionSkew))
            Format = PayloadFormat.Newest - 1;
        _roundTripUs = dice.Between(100, 2_000);
        _commitUs = dice.Between(2_000, 12_000) * (world.Plan.Has(FaultKind.SlowDisk) ? 10 : 1);
        NamesUs = dice.Between(0, 2_000_000);
    }

    /// <summary>Called for each batch once no failure can take it back, in order.</summary>
    public required Action<StoredBatch> BatchIsDurable { get; init; }

    /// <summary>Called for each claim once no failure can take it back.</summary>
    public required Action<int, long> ClaimIsDurable { get; init; }

    /// <summary>What owners write from their next claim on; see <see cref="PayloadFormat"/>.</summary>
    public int Format { get; private set; } = PayloadFormat.Newest;

    /// <summary>How long it takes to read all names of a partition, after the answer has begun.</summary>
    public int NamesUs { get; }

    public PartitionTables this[int partition] => _tables[partition];

    private bool IsDown => _downUntilUs > _world.Schedule.NowUs;

    private bool CanWrite => !IsDown && _fullUntilUs <= _world.Schedule.NowUs;

    public void RaiseFormat() => Format = PayloadFormat.Newest;

    /// <summary>Nothing can be written for a while.</summary>
    public void FullFor(long us) => _fullUntilUs = Math.Max(_fullUntilUs, _world.Schedule.NowUs + us);

    /// <summary>The standby takes over, without what it had not got. Whoever waited does not know what became of it.</summary>
    public void FailOver(long us)
    {
        foreach (var commit in _unreplicated.Reverse())
            commit.Undo();
        while (_unreplicated.TryDequeue(out var commit))
            commit.Answer(DatabaseOutcome.Ambiguous);
        _downUntilUs = Math.Max(_downUntilUs, _world.Schedule.NowUs + us);
    }

    /// <summary>The whole group in one commit; a fenced batch does not fail its neighbours.</summary>
    public void Append(SimulatedNode node, List<PartitionBatch> group, Action<DatabaseOutcome, bool[]?> answer)
    {
        // The writer's own copies: the partitions use their buffers again once they believe them durable.
        var batches = group.ConvertAll(static batch => new StoredBatch(batch with { Payload = batch.Payload.ToArray() }));
        bool[]? isAppended = null;
        Write(node, outcome => answer(outcome, isAppended), answered =>
        {
            if (!CanWrite || _world.Happens(FaultKind.RefusedCommit, 0.01))
            {
                answered(DatabaseOutcome.Unavailable);
                return;
            }

            isAppended = new bool[batches.Count];
            for (var i = 0; i < batches.Count; i++)
            {
                var tables = _tables[batches[i].Batch.Partition];
                if (isAppended[i] = tables.Accepts(batches[i].Batch))
                    tables.Batches.Add(batches[i]);
            }

            Replicate(undo: () => Undo(batches, isAppended), durable: () => MakeDurable(batches, isAppended), answered);
        });
    }

    private void Undo(List<StoredBatch> batches, bool[] isAppended)
    {
        for (var i = 0; i < isAppended.Length; i++)
        {
            var rows = _tables[batches[i].Batch.Partition].Batches;
            if (isAppended[i])
                rows.RemoveAt(rows.Count - 1);
        }
    }

    private void MakeDurable(List<StoredBatch> batches, bool[] isAppended)
    {
        for (var i = 0; i < isAppended.Length; i++)
        {
            if (isAppended[i])
                BatchIsDurable(batches[i]);
        }
    }

    public void Claim(SimulatedNode node, int partition, Action<DatabaseOutcome, JournalClaim> answer)
    {
        JournalClaim claim = default;
        Write(node, outcome => answer(outcome, claim), answered =>
        {
            if (!CanWrite)
            {
                answered(DatabaseOutcome.Unavailable);
                return;
            }

            var tables = _tables[partition];
            claim = new JournalClaim(++tables.Epoch, tables.Seq, tables.Chain, Format);
            Replicate(undo: () => tables.Epoch--, durable: () => ClaimIsDurable(partition, claim.Epoch), answered);
        });
    }

    /// <param name="answer">Whether the epoch was still current.</param>
    public void Checkpoint(SimulatedNode node, PartitionCheckpoint checkpoint, Action<DatabaseOutcome, bool> answer)
    {
        var isCurrent = false;
        Write(node, outcome => answer(outcome, isCurrent), answered =>
        {
            var tables = _tables[checkpoint.Partition];
            if (!CanWrite)
            {
                answered(DatabaseOutcome.Unavailable);
                return;
            }

            isCurrent = tables.Epoch == checkpoint.Epoch;
            if (isCurrent && !tables.Batches.Exists(row => row.Batch.LastSeq == checkpoint.Seq))
                _world.Report.Add(19, $"partition {checkpoint.Partition}", $"has a checkpoint at {checkpoint.Seq}, which no batch in the journal ends with");
            Replicate(undo: static () => { }, durable: isCurrent ? () => tables.Store(checkpoint) : static () => { }, answered);
        });
    }

    /// <summary>A question that writes nothing. A full disk does not keep it from being answered.</summary>
    public void Read<T>(SimulatedNode node, Func<T> read, Action<T> found, Action failed)
    {
        var life = node.Incarnation;
        _world.Schedule.After(_roundTripUs, () =>
        {
            if (IsDown || _world.Happens(FaultKind.FailedRead, 0.05))
                _world.Schedule.After(_roundTripUs, node, life, failed);
            else
            {
                var value = read();
                _world.Schedule.Reach(node, life, () => found(value));
            }
        });
    }

    /// <summary>For each partition, whether this epoch is the current one.</summary>
    public void Confirm(SimulatedNode node, List<(int Partition, long Epoch)> owned, Action<bool[]> confirmed, Action failed) =>
        Read(node, () => owned.ConvertAll(o => _tables[o.Partition].Epoch == o.Epoch).ToArray(), confirmed, failed);

    // The way there and back, with what can happen on it.
    private void Write(SimulatedNode node, Action<DatabaseOutcome> answer, Action<Action<DatabaseOutcome>> execute)
    {
        var (schedule, life) = (_world.Schedule, node.Incarnation);
        if (!_world.Happens(FaultKind.AmbiguousCommit, 0.01))
        {
            schedule.After(_roundTripUs, () => execute(outcome => schedule.Reach(node, life, () => answer(outcome))));
            return;
        }

        schedule.After(_dice.Between(1_000, 500_000), node, () => answer(DatabaseOutcome.Ambiguous));
        switch (_dice.Below(3))
        {
            case 0:
                break;
            case 1:
                schedule.After(_roundTripUs, () => execute(static _ => { }));
                break;
            default:
                // It was on the wire all the time, and arrives when nobody expects it any more.
                schedule.After(_dice.Between(1_000, 2_000_000), () => execute(static _ => { }));
                break;
        }
    }

    private void Replicate(Action undo, Action durable, Action<DatabaseOutcome> answered)
    {
        var schedule = _world.Schedule;
        var commit = new Commit { Undo = undo, Durable = durable, Answer = answered };
        _unreplicated.Enqueue(commit);
        _lastReplicatedUs = Math.Max(_lastReplicatedUs, schedule.NowUs + _dice.Between(_commitUs / 2, _commitUs));
        schedule.After(_lastReplicatedUs - schedule.NowUs, () =>
        {
            // Gone with the primary.
            if (!_unreplicated.TryPeek(out var oldest) || !ReferenceEquals(oldest, commit))
                return;
            _unreplicated.Dequeue();
            commit.Durable();
            commit.Answer(DatabaseOutcome.Done);
        });
    }
}
