using Millrace.Engine.Codec;

namespace Millrace.Engine.Partitions;

/// <summary>
/// The partition's ends of its channels to all others. A channel numbers its messages; the receiver takes each
/// number once and in order and says so after its own commit; the sender repeats what is not acknowledged. Sends and
/// receipts are both consequences of journaled records, so a channel is exactly-once across any crash, and a late
/// duplicate can never act again, whatever it says: the stock side needs no memory of single orders.
/// </summary>
internal sealed class Channels(int partitionCount)
{
    private readonly Outgoing?[] _outgoing = new Outgoing?[partitionCount];
    private readonly long[] _received = new long[partitionCount];

    /// <summary>Messages sent and not acknowledged, over all channels.</summary>
    public int Unacknowledged { get; private set; }

    private sealed class Outgoing
    {
        public long LastSeq;
        public long ReleasedSeq;
        public long OldestSentAtMs;
        public readonly Queue<PartitionMessage> Waiting = new();
        public long FirstWaitingSeq => LastSeq - Waiting.Count + 1;
    }

    /// <returns>The number the message has in its channel.</returns>
    public long Send(int target, PartitionMessage message)
    {
        var channel = _outgoing[target] ??= new Outgoing();
        channel.Waiting.Enqueue(message);
        Unacknowledged++;
        return ++channel.LastSeq;
    }

    /// <summary>The message's record is durable: from now on it may be sent again.</summary>
    public void Released(int target, long seq, long nowMs)
    {
        var channel = _outgoing[target]!;
        if (channel.ReleasedSeq < channel.FirstWaitingSeq)
            channel.OldestSentAtMs = nowMs;
        channel.ReleasedSeq = seq;
    }

    public void Acknowledged(int target, long seq, long nowMs)
    {
        if (_outgoing[target] is not { } channel)
            return;
        var last = Math.Min(seq, channel.ReleasedSeq);
        while (channel.Waiting.Count > 0 && channel.FirstWaitingSeq <= last)
        {
            channel.Waiting.Dequeue();
            Unacknowledged--;
            channel.OldestSentAtMs = nowMs;
        }
    }

    public long ReceivedFrom(int source) => _received[source];

    public void Received(int source, long seq) => _received[source] = seq;

    /// <summary>Everything durable that has waited too long, oldest first.</summary>
    public void CollectOverdue(long nowMs, long resendAfterMs, Action<int, long, PartitionMessage> send)
    {
        for (var target = 0; target < _outgoing.Length; target++)
        {
            if (_outgoing[target] is not { Waiting.Count: > 0 } channel || !IsOverdue(channel.OldestSentAtMs, nowMs, resendAfterMs))
                continue;
            var seq = channel.FirstWaitingSeq;
            foreach (var message in channel.Waiting)
            {
                if (seq > channel.ReleasedSeq)
                    break;
                send(target, seq++, message);
            }

            channel.OldestSentAtMs = nowMs;
        }
    }

    // What was sent in the future was sent by a clock that has been set back since.
    private static bool IsOverdue(long sentAtMs, long nowMs, long resendAfterMs) => sentAtMs + resendAfterMs <= nowMs || sentAtMs > nowMs;

    /// <summary>After recovery everything that was replayed is durable, and all of it is due at once.</summary>
    public void ReleaseAll()
    {
        foreach (var channel in _outgoing.OfType<Outgoing>())
        {
            channel.ReleasedSeq = channel.LastSeq;
            channel.OldestSentAtMs = long.MinValue / 2;
        }
    }

    public void Write(PayloadWriter w)
    {
        w.Int(_outgoing.Count(channel => channel is not null));
        for (var target = 0; target < _outgoing.Length; target++)
        {
            if (_outgoing[target] is not { } channel)
                continue;
            w.Int(target);
            w.Signed(channel.LastSeq);
            w.Int(channel.Waiting.Count);
            foreach (var message in channel.Waiting)
                MessageCodec.Write(w, message);
        }

        w.Int(_received.Count(seq => seq > 0));
        for (var source = 0; source < _received.Length; source++)
        {
            if (_received[source] == 0)
                continue;
            w.Int(source);
            w.Signed(_received[source]);
        }
    }

    public void Read(ref PayloadReader r)
    {
        for (var channels = r.Int(); channels > 0; channels--)
        {
            var channel = new Outgoing();
            ref var place = ref Place(_outgoing, r.Int());
            if (place is not null)
                throw new PayloadException("a channel stands there twice");
            place = channel;
            channel.LastSeq = r.Signed();
            for (var count = r.Count(); count > 0; count--)
            {
                channel.Waiting.Enqueue(MessageCodec.Read(ref r));
                Unacknowledged++;
            }
        }

        for (var sources = r.Int(); sources > 0; sources--)
        {
            ref var place = ref Place(_received, r.Int());
            if (place != 0)
                throw new PayloadException("a channel stands there twice");
            place = r.Signed();
        }
    }

    private static ref T Place<T>(T[] channels, int partition)
    {
        if ((uint)partition >= (uint)channels.Length)
            throw new PayloadException($"there is no partition {partition}");
        return ref channels[partition];
    }
}
