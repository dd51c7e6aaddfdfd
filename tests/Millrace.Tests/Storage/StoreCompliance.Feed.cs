using Millrace.Engine.Journal;
using Xunit;

namespace Millrace.Tests.Storage;

public abstract partial class StoreCompliance
{
    private IJournalFeed Feed => (IJournalFeed)_store!;

    [Fact]
    public async Task Who_follows_the_journal_is_given_every_batch_of_every_partition_in_its_order()
    {
        Assert.All(await Feed.ReadBoundsAsync(CancellationToken.None), log => Assert.Equal(default, log));
        var (a, b) = (await PartitionLog.ClaimAsync(Journal, 0), await PartitionLog.ClaimAsync(Journal, 7));
        PartitionBatch[] written = [a.Next(), b.Next(records: 3), a.Next(bytes: 100_000), b.Next(), a.Next(records: 2)];
        Assert.All(await Journal.AppendAsync(written[..3]), outcome => Assert.Equal(AppendOutcome.Appended, outcome));
        var middle = await Feed.ReadBoundsAsync(CancellationToken.None);
        foreach (var batch in written[3..])
            await AppendOneAsync(batch);

        await HoldAsync();
        await ReopenAsync();
        await HoldAsync();

        async Task HoldAsync()
        {
            var start = new LogBounds[Feed.LogCount];
            var end = await Feed.ReadBoundsAsync(CancellationToken.None);
            Assert.Equal(Feed.LogCount, end.Length);
            Same(written[..3], await FollowAsync(start, middle));
            Same(written[3..], await FollowAsync(middle, end));
            Same(written, await FollowAsync(start, end));
            Assert.Empty(await FollowAsync(end, end));
        }

        static void Same(PartitionBatch[] expected, List<PartitionBatch> actual)
        {
            Assert.Equal(expected.Length, actual.Count);
            foreach (var partition in expected.GroupBy(batch => batch.Partition))
                JournalAssertions.Same(partition, actual.Where(batch => batch.Partition == partition.Key));
        }
    }

    [Fact]
    public async Task What_failed_to_become_durable_is_told_to_nobody()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        await AppendOneAsync(log.Next());
        var before = await Feed.ReadBoundsAsync(CancellationToken.None);
        FailNextAppend(AppendFault.Unavailable);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => AppendOneAsync(log.Next()));

        Assert.Equal(before, await Feed.ReadBoundsAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Who_reads_on_from_any_position_is_told_what_the_log_was_before_it()
    {
        var logs = new[] { await PartitionLog.ClaimAsync(Journal, 0), await PartitionLog.ClaimAsync(Journal, 1) };
        for (var i = 0; i < 6; i++)
            await AppendOneAsync(logs[i % 2].Next());
        var bounds = await Feed.ReadBoundsAsync(CancellationToken.None);
        var compared = 0;
        for (var log = 0; log < Feed.LogCount; log++)
        {
            var chain = UInt128.Zero;
            await foreach (var entry in Feed.ReadLogAsync(log, 0, bounds[log].End, CancellationToken.None))
            {
                Assert.Equal(chain, entry.PreviousChain);
                Assert.NotEqual(chain, entry.Chain);
                chain = entry.Chain;
                await foreach (var next in Feed.ReadLogAsync(log, entry.End, bounds[log].End, CancellationToken.None))
                {
                    Assert.Equal(chain, next.PreviousChain);
                    compared++;
                    break;
                }
            }
        }

        Assert.True(compared >= 4);
    }

    // From one position of all logs to another.
    private async Task<List<PartitionBatch>> FollowAsync(LogBounds[] after, LogBounds[] until)
    {
        var batches = new List<PartitionBatch>();
        for (var log = 0; log < Feed.LogCount; log++)
        {
            var position = after[log].End;
            await foreach (var entry in Feed.ReadLogAsync(log, position, until[log].End, CancellationToken.None))
            {
                Assert.True(entry.End > position && entry.End <= until[log].End);
                position = entry.End;
                batches.AddRange(entry.Batches);
            }
        }

        return batches;
    }
}
