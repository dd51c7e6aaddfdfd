using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>The durable batches of all partitions, and what they prove: whoever lets something out is checked against it.</summary>
internal sealed class MemoryJournal(int partitions)
{
    private readonly List<PartitionBatch>[] _batches = [.. Enumerable.Range(0, partitions).Select(_ => new List<PartitionBatch>())];
    private readonly long[] _epochs = new long[partitions];
    private readonly Dictionary<OrderId, int> _versions = [];
    private readonly HashSet<string> _paymentKeys = [];
    private readonly Dictionary<(int Partition, int Source), long> _received = [];

    public IReadOnlyList<PartitionBatch> Of(int partition) => _batches[partition];

    public int Commits => _batches.Sum(b => b.Count);

    public IEnumerable<JournalRecord> Records(int partition) => _batches[partition].SelectMany(b => RecordCodec.Read(b.Payload));

    public JournalClaim Claim(int partition)
    {
        _epochs[partition]++;
        return Head(partition);
    }

    public JournalClaim Head(int partition)
    {
        var last = _batches[partition].LastOrDefault();
        return new JournalClaim(_epochs[partition], last?.LastSeq ?? 0, last?.Chain ?? UInt128.Zero, PayloadFormat.Newest);
    }

    public bool IsCurrent(int partition, long epoch) => _epochs[partition] == epoch;

    public void Append(PartitionBatch batch)
    {
        var last = _batches[batch.Partition].LastOrDefault();
        Assert.Equal(_epochs[batch.Partition], batch.Epoch);
        Assert.Equal(((last?.LastSeq ?? 0) + 1, last?.Chain ?? UInt128.Zero), (batch.FirstSeq, batch.PreviousChain));
        Assert.True(batch.IsIntact());
        // As a store does: the payload is the partition's own memory again once it is committed.
        _batches[batch.Partition].Add(batch with { Payload = batch.Payload.ToArray() });
        foreach (var record in RecordCodec.Read(batch.Payload))
            Note(batch.Partition, record);
    }

    public bool Has(OrderId order, int version) => _versions.GetValueOrDefault(order) >= version;

    public bool HasPayment(string key) => _paymentKeys.Contains(key);

    public bool HasReceived(int partition, int source, long seq) => _received.GetValueOrDefault((partition, source)) >= seq;

    private void Note(int partition, JournalRecord record)
    {
        if (record is JournalRecord.Received received)
            _received[(partition, received.Source)] = received.ChannelSeq;
        if (record is not JournalRecord.OrderDecided decided)
            return;
        _versions[decided.Order] = _versions.GetValueOrDefault(decided.Order) + decided.Decision.Facts.Length;
        foreach (var fact in decided.Decision.Facts.OfType<OrderEvent.PaymentRequested>())
            _paymentKeys.Add($"{decided.Order}:{fact.Step.ToString().ToLowerInvariant()}:{fact.Number}");
    }
}
