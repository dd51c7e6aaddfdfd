using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

/// <summary>One question to one database of the store, for all answers that wait for it.</summary>
/// <param name="Writer">The number of the database's writer.</param>
/// <param name="Asked">The incarnations, and what each has to say.</param>
/// <param name="IsCurrent">One each; null while it is not known, and when it could not be learned.</param>
internal sealed record Confirmation(int Writer, List<(PartitionHost Host, Partition Partition, List<OutgoingReply> Replies)> Asked, bool[]? IsCurrent)
{
    public List<(int Partition, long Epoch)> Claims => Asked.ConvertAll(asked => (asked.Host.Id, asked.Partition.Epoch));
}

/// <summary>What the store said of an incarnation that threw an exception.</summary>
/// <param name="Epoch">Of its claim.</param>
/// <param name="Failure">What it threw.</param>
/// <param name="IsCurrent">False when it was overtaken: what it threw means nothing.</param>
internal sealed record Judgement(long Epoch, Exception Failure, bool IsCurrent);

/// <summary>
/// Where somebody else may have claimed a partition, its owner asks before it says what no commit of its own proves, and before it takes an
/// exception for a broken invariant. See docs/adr/0006.
/// </summary>
internal sealed partial class Lane
{
    // So that an owner that is asked for nothing learns it too.
    private const long AskAllEveryMs = 1_000;
    private const int MostUnconfirmed = 16_384;

    private bool _hasUnconfirmed;
    // One a database: where one does not answer, nobody who asked another waits.
    private readonly Confirmation?[] _confirming;
    private readonly long[] _askedAllAtMs;

    private void Answer(PartitionHost host, in OutgoingReply reply)
    {
        if (reply.IsProven || !_runtime.IsShared || reply.Reply.Status == ReplyStatus.Unavailable)
        {
            reply.Sink.Complete(reply.Reply);
        }
        else if (host.Unconfirmed.Count >= MostUnconfirmed)
        {
            reply.Sink.Complete(PartitionReply.Unavailable("overloaded", "The store does not answer; repeat with the same key."));
        }
        else
        {
            host.Unconfirmed.Add(reply);
            _hasUnconfirmed = true;
        }
    }

    private void Confirm(long nowMs)
    {
        if (!_runtime.IsShared)
            return;
        for (var writer = 0; writer < _confirming.Length; writer++)
        {
            var askAll = nowMs - _askedAllAtMs[writer] is < 0 or >= AskAllEveryMs;
            if (_confirming[writer] is null && (_hasUnconfirmed || askAll))
                Confirm(writer, askAll, nowMs);
        }

        _hasUnconfirmed = _hasUnconfirmed && Array.Exists(_confirming, asked => asked is not null) && _mine.Exists(host => host.Unconfirmed.Count > 0);
    }

    private void Confirm(int writer, bool askAll, long nowMs)
    {
        if (askAll)
            _askedAllAtMs[writer] = nowMs;
        List<(PartitionHost Host, Partition Partition, List<OutgoingReply> Replies)>? asked = null;
        foreach (var host in _mine)
        {
            if (host.Partition is not { } partition || (!askAll && host.Unconfirmed.Count == 0) || _runtime.WriterOf(host.Id) != writer)
                continue;
            (asked ??= []).Add((host, partition, host.Unconfirmed));
            // Also when it is empty: who comes while the question is under way is not answered by it, but by the next.
            host.Unconfirmed = [];
        }

        if (asked is null)
            return;
        _confirming[writer] = new Confirmation(writer, asked, null);
        _runtime.Confirm(this, _confirming[writer]!);
    }

    private void TakeConfirmation(Confirmation confirmation)
    {
        _confirming[confirmation.Writer] = null;
        for (var i = 0; i < confirmation.Asked.Count; i++)
        {
            var (host, partition, replies) = confirmation.Asked[i];
            var isCurrent = confirmation.IsCurrent?[i];
            foreach (var (sink, reply, _) in replies)
                sink.Complete(isCurrent == true ? reply : PartitionReply.Unavailable("partition_unavailable", "The partition may have moved; repeat with the same key."));
            // Or it would refuse for ever: an owner that decides nothing never meets the fence.
            if (isCurrent == false && ReferenceEquals(host.Partition, partition))
                Lose(host, partition.Epoch);
        }
    }

    private bool IsUnconfirmed(PartitionHost host) =>
        host.Unconfirmed.Count > 0 || Array.Exists(_confirming, c => c is not null && c.Asked.Exists(asked => asked.Host == host && asked.Replies.Count > 0));

    // What an owner that was overtaken is told need not make sense to it. For any other, an exception is a broken invariant.
    private void Suspect(PartitionHost host, Exception failure)
    {
        if (!_runtime.IsShared)
        {
            Halt(host, failure);
            return;
        }

        var epoch = host.Partition!.Epoch;
        Drop(host, PartitionState.Recovering, "The partition is halted.");
        _runtime.Judge(this, host.Id, ++host.Attempt, epoch, failure);
    }

    private void TakeJudgement(PartitionHost host, Judgement judgement)
    {
        if (host.State != PartitionState.Recovering)
            return;
        if (judgement.IsCurrent)
            Halt(host, judgement.Failure);
        else
            Lose(host, judgement.Epoch);
    }
}
