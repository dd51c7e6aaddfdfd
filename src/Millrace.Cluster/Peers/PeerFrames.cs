using System.Runtime.InteropServices;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Peers;

/// <summary>What travels between two nodes in one envelope: any number of these, one after the other.</summary>
internal static class PeerFrames
{
    private const byte Delivery = 1;
    private const byte Acknowledgement = 2;
    private const byte Request = 3;
    private const byte Reply = 4;
    private const byte Ownership = 5;

    public static void WriteDelivery(PayloadWriter w, int source, int target, long firstSeq, List<PartitionMessage> messages)
    {
        w.Byte(Delivery);
        w.Int(source);
        w.Int(target);
        w.Signed(firstSeq);
        w.Int(messages.Count);
        foreach (var message in CollectionsMarshal.AsSpan(messages))
            MessageCodec.Write(w, message);
    }

    public static void WriteAcknowledgement(PayloadWriter w, int from, int source, long seq)
    {
        w.Byte(Acknowledgement);
        w.Int(from);
        w.Int(source);
        w.Signed(seq);
    }

    /// <param name="nowMs">The sender's clock: what the request says of time is meant by it.</param>
    public static void WriteRequest(PayloadWriter w, long number, int partition, long nowMs, PartitionRequest request)
    {
        w.Byte(Request);
        w.Signed(number);
        w.Int(partition);
        w.Signed(nowMs);
        RequestCodec.Write(w, request);
    }

    public static void WriteReply(PayloadWriter w, long number, PartitionReply reply)
    {
        w.Byte(Reply);
        w.Signed(number);
        ReplyCodec.Write(w, reply);
    }

    public static void WriteOwnership(PayloadWriter w, int partition)
    {
        w.Byte(Ownership);
        w.Int(partition);
    }

    /// <summary>Hands each frame to the one who takes it. One that cannot be read is left out, and whoever waits for its answer is told to repeat:
    /// those behind it are others' business.</summary>
    /// <exception cref="PayloadException">The bytes are not frames; those before are taken.</exception>
    public static void Read(ReadOnlySpan<byte> envelope, PeerLinks links, string from)
    {
        var r = new PayloadReader(envelope);
        while (!r.IsAtEnd)
            ReadOne(r.Bytes(), links, from);
    }

    private static void ReadOne(ReadOnlySpan<byte> frame, PeerLinks links, string from)
    {
        var r = new PayloadReader(frame);
        long? asking = null;
        try
        {
            switch (r.Byte())
            {
                case Delivery:
                    var (source, target, first) = (r.Int(), r.Int(), r.Signed());
                    var messages = new PartitionMessage[r.Count()];
                    for (var i = 0; i < messages.Length; i++)
                        messages[i] = MessageCodec.Read(ref r);
                    links.TakeDelivery(source, target, first, messages);
                    break;
                case Acknowledgement: links.TakeAcknowledgement(r.Int(), r.Int(), r.Signed()); break;
                case Request:
                    asking = r.Signed();
                    var (partition, sentAtMs) = (r.Int(), r.Signed());
                    links.TakeRequest(from, asking.Value, partition, sentAtMs, RequestCodec.Read(ref r));
                    break;
                case Reply:
                    var answered = r.Signed();
                    links.TakeReply(from, answered, ReplyCodec.Read(ref r));
                    break;
                case Ownership: links.TakeOwnership(from, r.Int()); break;
                case var kind: throw new PayloadException($"frame {kind} is unknown");
            }
        }
        // Whatever a codec makes of bytes that another node wrote.
        catch (Exception refused) when (refused is not OutOfMemoryException)
        {
            links.Refuse(from, asking, refused);
        }
    }
}
