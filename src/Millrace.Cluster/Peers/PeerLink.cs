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
internal sealed class PeerLink(string node, Func<string, byte[], Task> send, Func<int> format, ILogger logger)
{
    private const int MostBytes = 8 * 1024 * 1024;
    private const int MostWaiting = 16_384;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly PayloadWriter _filling = new(64 * 1024);
    private readonly Dictionary<long, (ReplySink Sink, long UntilMs)> _waiting = [];
    private long _number;
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
            PeerFrames.WriteDelivery(_filling, source, target, firstSeq, messages);
            SendSoon();
        }
    }

    public void Acknowledge(int from, int source, long seq)
    {
        lock (_lock)
        {
            if (_isClosed || _filling.Length >= MostBytes)
                return;
            PeerFrames.WriteAcknowledgement(_filling, from, source, seq);
            SendSoon();
        }
    }

    public void Announce(int partition)
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            PeerFrames.WriteOwnership(_filling, partition);
            SendSoon();
        }
    }

    /// <summary>The sink is completed in any case, at the latest about when <paramref name="untilMs"/> has passed.</summary>
    public void Request(int partition, PartitionRequest request, ReplySink sink, long untilMs)
    {
        lock (_lock)
        {
            if (!_isClosed && _filling.Length < MostBytes && _waiting.Count < MostWaiting)
            {
                _waiting.Add(++_number, (sink, untilMs));
                PeerFrames.WriteRequest(_filling, _number, partition, request);
                SendSoon();
                return;
            }
        }

        sink.Complete(PartitionReply.Unavailable("overloaded", "The way to the partition's node is full; repeat with the same key."));
    }

    public void Reply(long number, PartitionReply reply)
    {
        lock (_lock)
        {
            // Beyond the bound nobody is lost: the caller gives up by itself, and repeats.
            if (_isClosed || _filling.Length >= 2 * MostBytes)
                return;
            PeerFrames.WriteReply(_filling, number, reply);
            SendSoon();
        }
    }

    public void Answered(long number, PartitionReply reply)
    {
        (ReplySink Sink, long) waiting;
        lock (_lock)
        {
            if (!_waiting.Remove(number, out waiting))
                return;
        }

        waiting.Sink.Complete(reply);
    }

    /// <summary>Tells those whose time is up.</summary>
    public void GiveUp(long nowMs)
    {
        List<ReplySink>? late = null;
        lock (_lock)
        {
            foreach (var (number, waiting) in _waiting)
            {
                if (waiting.UntilMs > nowMs)
                    continue;
                (late ??= []).Add(waiting.Sink);
                _waiting.Remove(number);
            }
        }

        late?.ForEach(sink => sink.Complete(NoAnswer));
    }

    private static readonly PartitionReply NoAnswer =
        PartitionReply.Unavailable("partition_unavailable", "The partition's node did not answer; repeat with the same key.");

    // Under the lock.
    private void SendSoon()
    {
        if (_isSending)
            return;
        _isSending = true;
        _ = Task.Run(SendAllAsync);
    }

    private async Task SendAllAsync()
    {
        while (TryTake() is { } envelope)
        {
            try
            {
                await send(node, envelope).WaitAsync(Patience).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                PeerLog.SendFailed(logger, node, failure);
                GiveUp(long.MaxValue);
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

    [LoggerMessage(2, LogLevel.Error, "An envelope of node {Node} could not be read.")]
    public static partial void EnvelopeRefused(ILogger logger, string node, Exception failure);
}
