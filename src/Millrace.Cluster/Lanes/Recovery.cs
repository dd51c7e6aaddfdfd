using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;

namespace Millrace.Cluster.Lanes;

/// <summary>Claim first, durably; then the checkpoint; then the tail. Only then may the partition serve.</summary>
internal sealed class Recovery(IJournal journal, IReadModel readModel, PartitionMap map, PartitionOptions options, string owner)
{
    public async Task<(Partition Partition, JournalClaim Claim)> RunAsync(int id, CancellationToken cancellation)
    {
        var claim = await journal.ClaimAsync(id, owner, cancellation).ConfigureAwait(false);
        var partition = new Partition(id, map, options, claim);
        var snapshot = await readModel.LoadPartitionAsync(id, cancellation).ConfigureAwait(false);
        partition.Restore(snapshot);
        await foreach (var batch in journal.ReadAsync(id, snapshot.Seq, cancellation).ConfigureAwait(false))
        {
            // What stands behind the claim is another owner's, who has overtaken this one: its own first append will tell.
            if (batch.FirstSeq > claim.Seq)
                break;
            var records = RecordCodec.Read(batch.Payload);
            foreach (var order in partition.NeededFor(records).ToList())
            {
                var row = await readModel.FindOrderAsync(order, cancellation).ConfigureAwait(false)
                    ?? throw new JournalCorruptException(id, batch.FirstSeq, $"the tail goes on with {order}, which no checkpoint has");
                partition.RestoreCold(row);
            }

            partition.Replay(batch, records);
        }

        return (partition, claim);
    }
}
