using Millrace.Engine.Journal;

namespace Millrace.Tests.Storage;

/// <summary>An owner's side of a partition's log: makes the batches that go on from a claim.</summary>
internal sealed class PartitionLog(int partition, JournalClaim claim)
{
    public int Partition => partition;

    public long Epoch => claim.Epoch;

    public long Seq { get; private set; } = claim.Seq;

    public UInt128 Chain { get; private set; } = claim.Chain;

    /// <summary>The batch that would come next; takes it as written.</summary>
    public PartitionBatch Next(int records = 1, int bytes = 40)
    {
        var batch = Make(Seq + 1, Seq + records, Chain, bytes);
        (Seq, Chain) = (batch.LastSeq, batch.Chain);
        return batch;
    }

    public PartitionBatch Make(long firstSeq, long lastSeq, UInt128 previous, int bytes = 40)
    {
        var payload = new byte[bytes];
        new Random(HashCode.Combine(partition, firstSeq)).NextBytes(payload);
        return new PartitionBatch(
            partition, Epoch, firstSeq, lastSeq, previous,
            PartitionBatch.ComputeChain(previous, partition, Epoch, firstSeq, lastSeq, payload), payload);
    }

    public static async Task<PartitionLog> ClaimAsync(IJournal journal, int partition) =>
        new(partition, await journal.ClaimAsync(partition, "test", CancellationToken.None));
}

internal static class JournalAssertions
{
    public static async Task<List<PartitionBatch>> ReadAllOfAsync(this IJournal journal, int partition, long afterSeq = 0)
    {
        var batches = new List<PartitionBatch>();
        await foreach (var batch in journal.ReadAsync(partition, afterSeq, CancellationToken.None))
            batches.Add(batch);
        return batches;
    }

    public static void Same(IEnumerable<PartitionBatch> expected, IEnumerable<PartitionBatch> actual) =>
        Xunit.Assert.Equal(expected.Select(Text), actual.Select(Text));

    private static string Text(PartitionBatch batch) =>
        $"{batch.BatchId} {batch.LastSeq} {batch.PreviousChain:x} {batch.Chain:x} {Convert.ToHexString(batch.Payload.Span)}";
}
