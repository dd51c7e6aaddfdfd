using Millrace.Engine.Codec;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>Callers that wait for an order's end.</summary>
public sealed partial class Partition
{
    private readonly HashSet<OrderEntry> _awaited = [];
    private int _awaiting;

    private void Await(PartitionRequest.AwaitSettled request, OrderEntry? entry, ReplySink sink)
    {
        if (!IsVisible(entry, request.Tenant))
            Reply(sink, new PartitionReply(ReplyStatus.NotFound), 0);
        else if (entry!.Order!.SettledVersion is not null)
            Reply(sink, Settled(entry), entry.LastSeq);
        else if (_awaiting >= _options.MaxAwaiting)
            Reply(sink, PartitionReply.Unavailable("overloaded", "Too many callers wait for orders to settle; read the order instead."), 0);
        else
        {
            (entry.Waiters ??= []).Add((sink, request.UntilUnixMs));
            _awaited.Add(entry);
            _awaiting++;
        }
    }

    private void AnswerWaiters(OrderEntry entry, long seq)
    {
        foreach (var (sink, _) in entry.Waiters!)
            Reply(sink, Settled(entry), seq);
        Forget(entry, entry.Waiters.Count);
    }

    // Whoever has left cannot say so here, and must not hold the order in memory for ever.
    private void LetWaitersGo(long nowMs)
    {
        if (_awaiting == 0)
            return;
        List<OrderEntry>? emptied = null;
        foreach (var entry in _awaited)
        {
            var gone = entry.Waiters!.RemoveAll(waiter =>
            {
                if (waiter.UntilUnixMs > nowMs)
                    return false;
                Reply(waiter.Sink, PartitionReply.Unavailable("not_settled", "The order is not settled yet; read it later."), 0);
                return true;
            });
            _awaiting -= gone;
            if (entry.Waiters.Count == 0)
                (emptied ??= []).Add(entry);
        }

        emptied?.ForEach(entry => Forget(entry, 0));
        Evict();
    }

    private void Forget(OrderEntry entry, int waiters)
    {
        _awaiting -= waiters;
        entry.Waiters = null;
        _awaited.Remove(entry);
        ListClean(entry);
    }

    private static PartitionReply Settled(OrderEntry entry) => new(
        ReplyStatus.Accepted, OrderDocument.FoldDecision(entry.Order!.Id, entry.Document, entry.Order.SettledVersion!.Value), entry.Document);
}
