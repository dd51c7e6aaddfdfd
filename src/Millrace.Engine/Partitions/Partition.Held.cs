using System.Diagnostics;
using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

public sealed partial class Partition
{
    // What waits for a commit. A struct with a few roles: this queue is on the path of every record.
    [StructLayout(LayoutKind.Auto)]
    private struct HeldOutput
    {
        public long Seq;
        public ReplySink? Sink;
        public object? Payload;
        public OrderId Order;
        public int Peer;
        public long ChannelSeq;
        public bool IsProven;
    }

    private static readonly object PaymentMark = new();
    private static readonly object RepeatedPaymentMark = new();
    private static readonly object AcknowledgementMark = new();

    private void HoldPayment(OrderId id, bool isRepeat) =>
        Hold(new HeldOutput { Seq = _appendedSeq, Payload = isRepeat ? RepeatedPaymentMark : PaymentMark, Order = id });

    private void HoldAcknowledgement(int source, long channelSeq) => Hold(
        new HeldOutput { Seq = _appendedSeq, Payload = AcknowledgementMark, Peer = source, ChannelSeq = channelSeq });

    private void Send(int target, PartitionMessage message)
    {
        var seq = _channels.Send(target, message);
        if (!_isRecovering)
            Hold(new HeldOutput { Seq = _appendedSeq, Payload = message, Peer = target, ChannelSeq = seq });
    }

    private void Release(in HeldOutput output, long nowMs)
    {
        switch (output.Payload)
        {
            case PartitionReply reply:
                Outputs.Replies.Add(new OutgoingReply(output.Sink!, reply, output.IsProven));
                break;
            case PartitionMessage message:
                _channels.Released(output.Peer, output.ChannelSeq, nowMs);
                Outputs.Messages.Add(new OutgoingMessage(output.Peer, output.ChannelSeq, message));
                break;
            case StockItem item:
                Outputs.ChangedItems.Add(item);
                break;
            case Order settled:
                Outputs.Settled.Add(settled);
                break;
            case PartitionCheckpoint checkpoint:
                Outputs.Checkpoint = checkpoint;
                break;
            case var mark when ReferenceEquals(mark, PaymentMark):
                StartPayment(output.Order, isRepeat: false);
                break;
            case var mark when ReferenceEquals(mark, RepeatedPaymentMark):
                StartPayment(output.Order, isRepeat: true);
                break;
            case var mark when ReferenceEquals(mark, AcknowledgementMark):
                Outputs.Acknowledgements.Add(new OutgoingAcknowledgement(output.Peer, output.ChannelSeq));
                break;
            default:
                throw new UnreachableException();
        }
    }
}
