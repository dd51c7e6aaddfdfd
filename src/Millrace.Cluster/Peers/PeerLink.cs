using Microsoft.Extensions.Logging;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Peers;

/// <summary>
/// What goes from this node to one other. One envelope is under way at a time; what gathers meanwhile is the next, so that a call between
/// nodes is shared by as much as there is to say. What cannot be sent is dropped: messages are sent again by their partitions, and
/// whoever waits for a reply is told to repeat.
/// </summary>
internal sealed class PeerLink(string node, Func<string, byte[], Task> send, Func<int> format, TimeProvider time, ILogger logger)
{
    private const int MostBytes = 8 * 1024 * 1024;
    private const int MostWaiting = 16_384;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    // Of all links: where one was closed and another made to the same node, a late reply to the first must not be taken for one of the second.
    private static long s_numbers;
    private readonly PayloadWriter _filling = new(64 * 1024);
    private readonly PayloadWriter _frame = new(4 * 1024);
    private readonly Dictionary<long, (ReplySink Sink, long Since, TimeSpan Patience)> _waiting = [];
    private bool _isSending;
    private bool _isClosed;

    /// <summary>Takes nothing more, if nothing is said and nobody waits. A link that somebody still holds then refuses.</summary>
    public bool TryClose()
    {
        lock (_lock)
            return _isClosed = !_isSending && _waiting.Count == 0;
    }

    public void Deliver(int source, int target, long firstSeq, List<PartitionMessage> messages)
    {
        lock (_lock)
        {
            if (_isClosed || _filling.Length >= MostBytes)
                return;
            Put((source, target, firstSeq, messages), static (w, f) => PeerFrames.WriteDelivery(w, f.source, f.target, f.firstSeq, f.messages));
        }
    }

    public void Acknowledge(int from, int source, long seq)
    {
        lock (_lock)
        {
            if (_isClosed || _filling.Length >= MostBytes)
                return;
            Put((from, source, seq), static (w, f) => PeerFrames.WriteAcknowledgement(w, f.from, f.source, f.seq));
        }
    }

    public void Announce(int partition)
    {
        lock (_lock)
        {
            if (_isClosed || _filling.Length >= MostBytes)
                return;
            Put(partition, PeerFrames.WriteOwnership);
        }
    }

    /// <summary>The sink is completed in any case, at the latest about when <paramref name="patience"/> is over.</summary>
    public void Request(int partition, PartitionRequest request, ReplySink sink, TimeSpan patience, long nowMs)
    {
        lock (_lock)
        {
            if (!_isClosed && _filling.Length < MostBytes && _waiting.Count < MostWaiting)
            {
                var number = Interlocked.Increment(ref s_numbers);
                if (Put((number, partition, nowMs, request), static (w, f) => PeerFrames.WriteRequest(w, f.number, f.partition, f.nowMs, f.request)))
                {
                    _waiting.Add(number, (sink, time.GetTimestamp(), patience));
                    return;
                }
            }
        }

        sink.Complete(PartitionReply.Unavailable("overloaded", "The way to the partition's node is full; repeat with the same key."));
    }

    /// <returns>False when the link is closed: another one is to be taken.</returns>
    public bool TryReply(long number, PartitionReply reply)
    {
        lock (_lock)
        {
            if (_isClosed)
                return false;
            // Beyond the bound nobody is lost: the caller gives up by itself, and repeats.
            if (_filling.Length < 2 * MostBytes)
                Put((number, reply), static (w, f) => PeerFrames.WriteReply(w, f.number, f.reply));
            return true;
        }
    }

    public void Answered(long number, PartitionReply reply)
    {
        (ReplySink Sink, long, TimeSpan) waiting;
        lock (_lock)
        {
            if (!_waiting.Remove(number, out waiting))
                return;
        }

        waiting.Sink.Complete(reply);
    }

    /// <summary>Tells those whose time is up, by a clock that nobody sets.</summary>
    public void GiveUp() => GiveUp(everybody: false);

    private void GiveUp(bool everybody)
    {
        List<ReplySink>? late = null;
        lock (_lock)
        {
            foreach (var (number, waiting) in _waiting)
            {
                if (!everybody && time.GetElapsedTime(waiting.Since) < waiting.Patience)
                    continue;
                (late ??= []).Add(waiting.Sink);
                _waiting.Remove(number);
            }
        }

        late?.ForEach(sink => sink.Complete(NoAnswer));
    }

    private static readonly PartitionReply NoAnswer =
        PartitionReply.Unavailable("partition_unavailable", "The partition's node did not answer; repeat with the same key.");

    // Under the lock. A frame goes in whole or not at all.
    private bool Put<T>(T frame, Action<PayloadWriter, T> write)
    {
        _frame.Clear();
        try
        {
            write(_frame, frame);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Something that has no form between nodes: the next of its kind would fail too, so it is said loudly, and harms nothing else.
            PeerLog.FrameRefused(logger, node, failure);
            return false;
        }

        _filling.Unsigned((ulong)_frame.Length);
        _filling.Bytes(_frame.Written);
        if (!_isSending)
        {
            _isSending = true;
            _ = Task.Run(SendAllAsync);
        }

        return true;
    }

    private async Task SendAllAsync()
    {
        while (true)
        {
            try
            {
                if (TryTake() is not { } envelope)
                    return;
                await send(node, envelope).WaitAsync(Patience).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                PeerLog.SendFailed(logger, node, failure);
                GiveUp(everybody: true);
            }
        }
    }

    private byte[]? TryTake()
    {
        lock (_lock)
        {
            if (_filling.Length == 0)
            {
                _isSending = false;
                return null;
            }

            byte[] envelope = [(byte)format(), .. _filling.Written];
            _filling.Clear();
            return envelope;
        }
    }
}

internal static partial class PeerLog
{
    [LoggerMessage(1, LogLevel.Warning, "An envelope to node {Node} could not be sent.")]
    public static partial void SendFailed(ILogger logger, string node, Exception failure);

    [LoggerMessage(2, LogLevel.Error, "An envelope of node {Node}, or a part of it, could not be read.")]
    public static partial void EnvelopeRefused(ILogger logger, string node, Exception failure);

    [LoggerMessage(3, LogLevel.Error, "Something could not be written for node {Node}.")]
    public static partial void FrameRefused(ILogger logger, string node, Exception failure);
}
