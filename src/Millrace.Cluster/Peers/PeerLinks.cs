using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Lanes;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Peers;

/// <summary>
/// The ways from this node to the others, and who owns which partition as far as this node knows. It may be wrong or late: whoever is not the
/// owner says so, and the journal's fence keeps the rest.
/// </summary>
public sealed class PeerLinks : IDisposable
{
    private const long RequestPatienceMs = 5_000;
    private const long MostPatienceMs = 3_600_000;
    private readonly PartitionRuntime _runtime;
    private readonly TimeProvider _time;
    private readonly ILogger<PeerLinks> _logger;
    private readonly Func<string, byte[], Task> _send;
    private readonly ConcurrentDictionary<string, PeerLink> _links = new(StringComparer.Ordinal);
    private readonly string?[] _owners;
    private readonly ITimer _timer;

    /// <param name="self">This node in this life: never used again by another.</param>
    /// <param name="runtime">This node's partitions.</param>
    /// <param name="send">Brings an envelope to a node, and completes once it has it.</param>
    /// <param name="time">Our clock.</param>
    /// <param name="logger">For what could not be sent.</param>
    public PeerLinks(string self, PartitionRuntime runtime, Func<string, byte[], Task> send, TimeProvider time, ILogger<PeerLinks> logger)
    {
        (Self, _runtime, _send, _time, _logger) = (self, runtime, send, time, logger);
        _owners = new string?[runtime.Map.Count];
        _timer = time.CreateTimer(_ => GiveUp(), null, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));
        runtime.Peers = this;
    }

    public string Self { get; }

    /// <summary>Who owns each partition, by its number; null while that is not known.</summary>
    public IReadOnlyList<string?> Owners => _owners;

    /// <summary>What the cluster's directory said last.</summary>
    public void SetOwner(int partition, string? node) => Volatile.Write(ref _owners[partition], node);

    /// <summary>Takes an envelope of another node; returns at once.</summary>
    public void Receive(string from, byte[] envelope)
    {
        try
        {
            if (envelope.Length == 0 || envelope[0] is < PayloadFormat.Oldest or > PayloadFormat.Newest)
                throw new PayloadException($"payload format {(envelope.Length == 0 ? "missing" : envelope[0])} is unknown");
            PeerFrames.Read(envelope.AsSpan(1), this, from);
        }
        catch (PayloadException refused)
        {
            PeerLog.EnvelopeRefused(_logger, from, refused);
        }
    }

    public void Dispose() => _timer.Dispose();

    internal void Request(int partition, PartitionRequest request, ReplySink sink)
    {
        var patienceMs = request is PartitionRequest.AwaitSettled wait ? Math.Max(0, wait.UntilUnixMs - NowMs) + 1_000 : RequestPatienceMs;
        if (OtherOwnerOf(partition) is { } node)
            LinkTo(node).Request(partition, request, sink, TimeSpan.FromMilliseconds(Math.Min(patienceMs, MostPatienceMs)), NowMs);
        else
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "The partition is moving; repeat with the same key."));
    }

    internal void Deliver(int source, int target, long firstSeq, List<PartitionMessage> messages)
    {
        if (OtherOwnerOf(target) is { } node)
            LinkTo(node).Deliver(source, target, firstSeq, messages);
    }

    internal void Acknowledge(int from, int source, long seq)
    {
        if (OtherOwnerOf(source) is { } node)
            LinkTo(node).Acknowledge(from, source, seq);
    }

    /// <summary>Tells the others at once that this node serves a partition; else they learn it with their next question to the directory.</summary>
    internal void Announce(int partition)
    {
        foreach (var node in _owners.Distinct(StringComparer.Ordinal))
        {
            if (node is not null && node != Self)
                LinkTo(node).Announce(partition);
        }
    }

    internal void TakeOwnership(string from, int partition)
    {
        if ((uint)partition < (uint)_owners.Length)
            SetOwner(partition, from);
    }

    internal void TakeDelivery(int source, int target, long firstSeq, PartitionMessage[] messages)
    {
        if ((uint)target < (uint)_owners.Length && (uint)source < (uint)_owners.Length)
            _runtime.Post(new LaneInput(LaneInputKind.Delivery, target) { Peer = source, ChannelSeq = firstSeq, Payload = messages });
    }

    internal void TakeAcknowledgement(int from, int source, long seq)
    {
        if ((uint)source < (uint)_owners.Length && (uint)from < (uint)_owners.Length)
            _runtime.Post(new LaneInput(LaneInputKind.Acknowledgement, source) { Peer = from, ChannelSeq = seq });
    }

    internal void TakeRequest(string from, long number, int partition, long sentAtMs, PartitionRequest request)
    {
        var sink = new RemoteSink(this, from, number);
        // Time is told by the sender's clock, and kept by ours; no sender waits longer than that.
        if (request is PartitionRequest.AwaitSettled wait)
            request = wait with { UntilUnixMs = NowMs + Math.Min(wait.UntilUnixMs - sentAtMs, MostPatienceMs) };
        // A partition would take what is not its own for a broken invariant.
        if (!IsOf(partition, request))
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", "The request was sent to a partition that does not own it."));
        else
            _runtime.Send(partition, request, sink);
    }

    internal void Refuse(string from, long? asking, Exception refused)
    {
        PeerLog.EnvelopeRefused(_logger, from, refused);
        if (asking is { } number)
            Reply(from, number, PartitionReply.Unavailable("partition_unavailable", "The request could not be read by the partition's node."));
    }

    internal void TakeReply(string from, long number, PartitionReply reply)
    {
        if (_links.TryGetValue(from, out var link))
            link.Answered(number, reply);
    }

    internal bool HasLinkTo(string node) => _links.ContainsKey(node);

    private bool IsOf(int partition, PartitionRequest request) =>
        PartitionRouter.OwnerOf(_runtime.Map, request) == partition
        && (request is not PartitionRequest.PlaceOrder place || _runtime.Map.OwnerOfName(place.Placement.KeyHash) == partition);

    // To a node that owns nothing too: its link may have been closed since it asked.
    private void Reply(string to, long number, PartitionReply reply)
    {
        for (var link = LinkTo(to); !link.TryReply(number, reply); link = LinkTo(to))
            _links.TryRemove(new KeyValuePair<string, PeerLink>(to, link));
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    // What is meant for a partition that is to be here and is not, or not yet, is not sent round in circles.
    private string? OtherOwnerOf(int partition) => Volatile.Read(ref _owners[partition]) is { } node && node != Self ? node : null;

    private PeerLink LinkTo(string node) => _links.GetOrAdd(node, static (name, links) => new PeerLink(name, links._send, () => links._runtime.Format, links._time, links._logger), this);

    private void GiveUp()
    {
        foreach (var (node, link) in _links)
        {
            link.GiveUp();
            // A life that has ended never comes back.
            if (!_owners.Contains(node) && link.TryClose())
                _links.TryRemove(new KeyValuePair<string, PeerLink>(node, link));
        }
    }

    private sealed class RemoteSink(PeerLinks links, string from, long number) : ReplySink
    {
        public override void Complete(PartitionReply reply) => links.Reply(from, number, reply);
    }
}
