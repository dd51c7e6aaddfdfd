using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;

namespace Millrace.Storage.Memory;

/// <summary>What survives when a <see cref="MemoryStore"/> is closed or thrown away: the "disk" of tests and simulations.</summary>
/// <param name="partitionCount">Fixed, as in a real store; 1 to 4,096.</param>
public sealed class MemoryDisk(int partitionCount)
{
    internal Lock Gate { get; } = new();

    internal Partition[] Partitions { get; } = Array.ConvertAll(new int[partitionCount], static _ => new Partition());

    internal SortedDictionary<OrderId, OrderRow> Orders { get; } = [];

    public int PartitionCount => Partitions.Length;

    /// <summary>Flips one bit in the payload of the batch at or after this sequence, as a bad disk would.</summary>
    public void Damage(int partition, long seq)
    {
        lock (Gate)
        {
            var batches = Partitions[partition].Batches;
            var index = batches.FindIndex(batch => batch.LastSeq >= seq);
            var payload = batches[index].Payload.ToArray();
            payload[0] ^= 1;
            batches[index] = batches[index] with { Payload = payload };
        }
    }

    internal sealed class Partition
    {
        public long Epoch { get; set; }

        public bool Released { get; set; } = true;

        /// <summary>After an ambiguous commit: nothing is taken from the owner until someone claims.</summary>
        public bool MustClaim { get; set; }

        public List<PartitionBatch> Batches { get; } = [];

        public long CheckpointSeq { get; set; }

        public ReadOnlyMemory<byte> State { get; set; }

        public SortedDictionary<(string Tenant, string Sku), StockRow> Stock { get; } = [];

        public Dictionary<UInt128, OrderId> Names { get; } = [];

        public long Seq => Batches.Count == 0 ? 0 : Batches[^1].LastSeq;

        public UInt128 Chain => Batches.Count == 0 ? UInt128.Zero : Batches[^1].Chain;

        public bool Accepts(long epoch) => epoch == Epoch && !MustClaim;
    }
}
