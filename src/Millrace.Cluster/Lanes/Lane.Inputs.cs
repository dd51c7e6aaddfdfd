using System.Diagnostics;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

/// <summary>What each input does.</summary>
internal sealed partial class Lane
{
    private void Take(in LaneInput input, long nowMs)
    {
        switch (input.Kind)
        {
            case LaneInputKind.Request:
                TakeRequest(_hosts[input.Partition]!, (PartitionRequest)input.Payload!, (ReplySink)input.Second!, nowMs);
                return;
            case LaneInputKind.GroupWritten:
                TakeGroup((GroupResult)input.Payload!, nowMs);
                return;
            case LaneInputKind.Confirmed:
                TakeConfirmation((Confirmation)input.Payload!);
                return;
            case LaneInputKind.Run:
                return;
        }

        var host = _hosts[input.Partition]!;
        if (input.Kind is LaneInputKind.Recovered or LaneInputKind.RecoveryFailed or LaneInputKind.Judged && input.ChannelSeq != host.Attempt)
            return;
        switch (input.Kind)
        {
            case LaneInputKind.Start when input.Payload is Func<bool> stays && !stays(): return;
            case LaneInputKind.Start: Start(host); return;
            case LaneInputKind.Stop: Stop(host, (TaskCompletionSource)input.Payload!); return;
            case LaneInputKind.Recovered: TakeRecovered(host, (RecoveredPartition)input.Payload!, nowMs); return;
            case LaneInputKind.RecoveryFailed: TakeRecoveryFailure(host, (Exception)input.Payload!); return;
            case LaneInputKind.Judged: TakeJudgement(host, (Judgement)input.Payload!); return;
        }

        // Answers to an incarnation that is gone: its successor asks again by itself.
        if (host.Partition is null || (input.Incarnation is not null && !ReferenceEquals(input.Incarnation, host.Partition)))
            return;
        try
        {
            Inform(host, host.Partition, input, nowMs);
            if (host.Partition is not null)
                Touch(host);
        }
        catch (Exception failure)
        {
            Suspect(host, failure);
        }
    }

    private void Inform(PartitionHost host, Partition partition, in LaneInput input, long nowMs)
    {
        switch (input.Kind)
        {
            case LaneInputKind.PaymentDone:
                partition.CompletePayment((PaymentRequest)input.Payload!, (PaymentOutcome)input.Second!, nowMs);
                break;
            // The next owner takes it: the sender repeats what is not acknowledged.
            case LaneInputKind.Delivery when host.Stopping is not null:
                break;
            case LaneInputKind.Delivery:
                partition.Deliver(input.Peer, input.ChannelSeq, (PartitionMessage[])input.Payload!, nowMs);
                break;
            case LaneInputKind.Acknowledgement:
                partition.Acknowledged(input.Peer, input.ChannelSeq, nowMs);
                break;
            case LaneInputKind.OrderRead:
                partition.OrderLoaded(input.Order, (OrderRow?)input.Payload, nowMs);
                break;
            case LaneInputKind.NameRead:
                partition.NameFound(input.NameHash, (OrderId?)input.Payload, nowMs);
                break;
            case LaneInputKind.ReadFailed:
                partition.ReadFailed(input.Order.IsEmpty ? null : input.Order, input.Order.IsEmpty ? input.NameHash : null);
                break;
            case LaneInputKind.NamesRead:
                partition.NamesRead((KeyFilter)input.Payload!);
                break;
            case LaneInputKind.NamesFailed:
                TakeNamesFailure(host, partition, (Exception)input.Payload!);
                break;
            case LaneInputKind.CheckpointStored:
                partition.Checkpointed();
                break;
            case LaneInputKind.CheckpointFailed:
                Suspect(host, (Exception)input.Payload!);
                break;
            case LaneInputKind.Fenced:
                Lose(host, partition.Epoch);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void TakeRequest(PartitionHost host, PartitionRequest request, ReplySink sink, long nowMs)
    {
        var isRead = request is PartitionRequest.ReadOrder or PartitionRequest.ReadItem;
        if (host.Partition is null || host.Stopping is not null)
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "The partition is not serving yet."));
        else if (host.State == PartitionState.Stalled && !isRead)
            sink.Complete(PartitionReply.Unavailable("store_unavailable", "The store cannot commit at the moment."));
        else
            Handle(host, request, sink, nowMs);
    }

    private void Handle(PartitionHost host, PartitionRequest request, ReplySink sink, long nowMs)
    {
        try
        {
            host.Partition!.Handle(request, sink, nowMs);
            NoteTrace(host, request, sink);
            Touch(host);
        }
        catch (Exception failure)
        {
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "The partition is halted."));
            Suspect(host, failure);
        }
    }

    private void TakeGroup(GroupResult result, long nowMs)
    {
        _isGroupInFlight[result.Writer] = false;
        for (var i = 0; i < result.Group.Count; i++)
        {
            var batch = result.Group[i];
            var host = _hosts[batch.Partition]!;
            // Dropped while its batch was in flight: the journal decides what its successor sees.
            if (host.Partition is not { } partition || partition.Epoch != batch.Epoch)
                continue;
            switch (result.Failure)
            {
                case null when result.Outcomes![i] == AppendOutcome.Appended:
                    host.Refused = null;
                    host.State = PartitionState.Serving;
                    Guard(host, static (p, now) => p.Committed(now), nowMs);
                    _runtime.Metrics.Committed(batch);
                    break;
                case null:
                    Lose(host, batch.Epoch);
                    break;
                case StoreUnavailableException:
                    _retryAtMs = nowMs + (long)RetryEvery.TotalMilliseconds;
                    host.Refused = batch;
                    host.State = PartitionState.Stalled;
                    Guard(host, static (p, _) => p.RefuseWaiting("The store cannot commit at the moment."), 0);
                    break;
                default:
                    Restart(host, "its last commit may or may not be durable");
                    break;
            }
        }
    }

    private void Start(PartitionHost host)
    {
        if (host.State != PartitionState.Stopped || host.Stopping is not null)
            return;
        host.State = PartitionState.Recovering;
        Recover(host, TimeSpan.Zero);
    }

    private void Restart(PartitionHost host, string reason)
    {
        LaneLog.Recovering(_runtime.Logger, host.Id, reason);
        Drop(host, PartitionState.Recovering, "The partition recovers.");
        Recover(host, TimeSpan.Zero);
    }

    private void Recover(PartitionHost host, TimeSpan pause)
    {
        host.BeginLife();
        _runtime.Recover(this, host.Id, ++host.Attempt, pause, host.Life);
    }

    // Fenced: somebody else owns it now, and whoever places partitions may start it here again; or it is on its way to another database, and
    // nobody else goes there for it.
    private void Lose(PartitionHost host, long epoch)
    {
        LaneLog.Recovering(_runtime.Logger, host.Id, "another owner has claimed it, or it moves to another database");
        Drop(host, PartitionState.Stopped, "The partition has moved.");
        var attempt = host.Attempt;
        _runtime.FollowIfMoved(host.Id, epoch, () => host.Attempt == attempt);
    }

    private void TakeRecovered(PartitionHost host, RecoveredPartition recovered, long nowMs)
    {
        if (host.State != PartitionState.Recovering)
            return;
        var (partition, claim) = (recovered.Partition, recovered.Claim);
        host.Partition = partition;
        host.Format = claim.Format;
        _runtime.Learn(claim.Format);
        Guard(host, (p, now) => p.Recovered(claim, now), nowMs);
        if (host.Partition is null)
            return;
        foreach (var item in partition.Items)
            _runtime.Catalog.Publish(item, nowMs);
        host.State = PartitionState.Serving;
        // Only now: what does not come to serve here is no backlog of this node's.
        _runtime.Backlog.Restart(host.Id, recovered.Unfinished, nowMs);
        _runtime.Peers?.Announce(host.Id);
        if (partition.NeedsNames)
            _runtime.ReadNames(this, partition, TimeSpan.Zero, host.Life);
        _runtime.Metrics.Recovered();
        LaneLog.Serving(_runtime.Logger, host.Id, claim.Seq, claim.Epoch);
    }

    private void TakeRecoveryFailure(PartitionHost host, Exception failure)
    {
        if (host.State != PartitionState.Recovering)
            return;
        if (failure is OvertakenException overtaken)
        {
            Lose(host, overtaken.Epoch);
            return;
        }

        if (failure is StoreUnavailableException or AmbiguousCommitException)
        {
            LaneLog.RecoveryFailed(_runtime.Logger, host.Id, failure);
            Recover(host, RetryEvery);
            return;
        }

        // The node ends.
        if (failure is OperationCanceledException)
        {
            host.State = PartitionState.Stopped;
            return;
        }

        LaneLog.Halted(_runtime.Logger, host.Id, failure);
        host.State = PartitionState.Halted;
    }

    private void TakeNamesFailure(PartitionHost host, Partition partition, Exception failure)
    {
        if (_runtime.IsStopping)
            return;
        if (failure is not (StoreUnavailableException or OperationCanceledException))
        {
            Suspect(host, failure);
            return;
        }

        LaneLog.NamesFailed(_runtime.Logger, host.Id, failure);
        _runtime.ReadNames(this, partition, RetryEvery, host.Life);
    }

    private void Stop(PartitionHost host, TaskCompletionSource stopped)
    {
        if (host.Stopping is { } already)
            _ = already.Task.ContinueWith(_ => stopped.TrySetResult(), TaskScheduler.Default);
        else
            host.Stopping = stopped;
    }

    // After what is durable has left, and before the next group goes: between two groups nothing is in flight, however busy the neighbours are.
    private void FinishStops()
    {
        foreach (var host in _mine)
            TryFinishStop(host);
    }

    // Flushed when nothing is pending and everything durable is answered; then the claim is given back.
    private void TryFinishStop(PartitionHost host)
    {
        if (host.Stopping is not { } stopping || _isGroupInFlight[_runtime.WriterOf(host.Id)] || IsUnconfirmed(host))
            return;
        // Nothing of what waits for a full disk was ever acknowledged.
        if (host.State == PartitionState.Stalled)
            Drop(host, PartitionState.Stopped, "The node is stopping.");
        if (host.Partition is { HasPending: true })
            return;
        var epoch = host.Partition?.Epoch;
        // Ends a recovery that is under way too: its claim would take the partition from the next owner. And nothing of before starts it again.
        Drop(host, PartitionState.Stopped, "The partition is handed over.");
        host.Attempt++;
        host.Stopping = null;
        if (epoch is { } claimed)
            _runtime.Release(host.Id, claimed, stopping);
        else
            stopping.TrySetResult();
    }
}
