using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <param name="IsProven">It waited for a commit that was sent after it was decided, which proves that nobody had taken the partition over. Where somebody can, any other is
/// given only once the store has said the same; see docs/adr/0006.</param>
public readonly record struct OutgoingReply(ReplySink Sink, PartitionReply Reply, bool IsProven);

public readonly record struct OutgoingMessage(int Target, long Seq, PartitionMessage Message);

public readonly record struct OutgoingAcknowledgement(int Source, long Seq);

/// <summary>
/// What a partition wants done, drained by its shell after every turn. Everything here depends only on
/// durable records; what waits for a commit is not in it yet.
/// </summary>
public sealed class PartitionOutputs
{
    public List<OutgoingReply> Replies { get; } = [];

    /// <summary>To other partitions, in order per target.</summary>
    public List<OutgoingMessage> Messages { get; } = [];

    public List<OutgoingAcknowledgement> Acknowledgements { get; } = [];

    public List<PaymentRequest> Payments { get; } = [];

    /// <summary>Cold orders to read; answer with <see cref="Partition.OrderLoaded"/>.</summary>
    public List<OrderId> OrderLoads { get; } = [];

    /// <summary>Names to look up; answer with <see cref="Partition.NameFound"/>.</summary>
    public List<UInt128> NameLookups { get; } = [];

    /// <summary>Items as they now durably are, for the catalog.</summary>
    public List<StockItem> ChangedItems { get; } = [];

    /// <summary>Orders that are now durably confirmed or ended, as they were then; for measurement.</summary>
    public List<Order> Settled { get; } = [];

    /// <summary>At most one is under way; answer with <see cref="Partition.Checkpointed"/>.</summary>
    public PartitionCheckpoint? Checkpoint { get; set; }

    public void Clear()
    {
        Replies.Clear();
        Messages.Clear();
        Acknowledgements.Clear();
        Payments.Clear();
        OrderLoads.Clear();
        NameLookups.Clear();
        ChangedItems.Clear();
        Settled.Clear();
        Checkpoint = null;
    }
}
