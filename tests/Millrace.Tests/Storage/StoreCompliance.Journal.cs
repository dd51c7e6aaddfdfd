using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Xunit;

namespace Millrace.Tests.Storage;

public abstract partial class StoreCompliance
{
    [Fact]
    public async Task A_new_partition_starts_at_zero_and_each_claim_raises_its_epoch()
    {
        Assert.Equal(new JournalClaim(1, 0, UInt128.Zero, PayloadFormat.Newest), await Journal.ClaimAsync(3, "a", CancellationToken.None));
        Assert.Equal(2, (await Journal.ClaimAsync(3, "b", CancellationToken.None)).Epoch);
        Assert.Equal(1, (await Journal.ClaimAsync(4, "a", CancellationToken.None)).Epoch);
    }

    [Fact]
    public async Task What_is_read_is_what_was_appended()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        PartitionBatch[] written = [log.Next(), log.Next(records: 5, bytes: 100_000), log.Next(bytes: 0), log.Next(records: 2)];
        foreach (var batch in written)
            Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(batch));

        JournalAssertions.Same(written, await Journal.ReadAllOfAsync(0));
        JournalAssertions.Same(written[2..], await Journal.ReadAllOfAsync(0, afterSeq: 6));
        Assert.Empty(await Journal.ReadAllOfAsync(0, afterSeq: log.Seq));
        Assert.Empty(await Journal.ReadAllOfAsync(1));
    }

    [Fact]
    public async Task A_group_holds_batches_of_many_partitions_and_several_of_one()
    {
        var a = await PartitionLog.ClaimAsync(Journal, 0);
        var b = await PartitionLog.ClaimAsync(Journal, 7);
        PartitionBatch[] group = [a.Next(), b.Next(), a.Next(records: 3), b.Next()];

        Assert.All(await Journal.AppendAsync(group), outcome => Assert.Equal(AppendOutcome.Appended, outcome));

        JournalAssertions.Same([group[0], group[2]], await Journal.ReadAllOfAsync(0));
        JournalAssertions.Same([group[1], group[3]], await Journal.ReadAllOfAsync(7));
    }

    [Fact]
    public async Task The_store_keeps_no_hold_of_the_payload()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        var buffer = log.Next().Payload.ToArray();
        var batch = log.Make(1, 1, UInt128.Zero) with { Payload = buffer };
        await AppendOneAsync(batch);
        var before = buffer.ToArray();
        buffer.AsSpan().Clear();

        Assert.Equal(before, Assert.Single(await Journal.ReadAllOfAsync(0)).Payload.ToArray());
    }

    [Fact]
    public async Task An_older_epoch_is_fenced_and_its_neighbours_are_not()
    {
        var stale = await PartitionLog.ClaimAsync(Journal, 1);
        await AppendOneAsync(stale.Next());
        var owner = await PartitionLog.ClaimAsync(Journal, 1);
        var neighbour = await PartitionLog.ClaimAsync(Journal, 2);
        Assert.Equal((stale.Seq, stale.Chain), (owner.Seq, owner.Chain));

        Assert.Equal(
            [AppendOutcome.Fenced, AppendOutcome.Appended],
            await Journal.AppendAsync([stale.Next(), neighbour.Next()]));
        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(owner.Next()));
    }

    [Fact]
    public async Task Whether_a_claim_still_stands_can_be_asked()
    {
        var stale = await PartitionLog.ClaimAsync(Journal, 1);
        var owner = await PartitionLog.ClaimAsync(Journal, 1);
        var neighbour = await PartitionLog.ClaimAsync(Journal, 7);

        var stand = await Journal.ConfirmAsync([(1, stale.Epoch), (7, neighbour.Epoch), (1, owner.Epoch)], CancellationToken.None);
        Assert.Equal([false, true, true], stand);
        Assert.Empty(await Journal.ConfirmAsync([], CancellationToken.None));
    }

    [Fact]
    public async Task A_wrong_sequence_or_chain_is_fenced()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 1);
        await AppendOneAsync(log.Next());

        Assert.Equal(AppendOutcome.Fenced, await AppendOneAsync(log.Make(1, 1, UInt128.Zero)));
        Assert.Equal(AppendOutcome.Fenced, await AppendOneAsync(log.Make(3, 3, log.Chain)));
        Assert.Equal(AppendOutcome.Fenced, await AppendOneAsync(log.Make(2, 2, log.Chain + 1)));
        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(log.Make(2, 2, log.Chain)));
    }

    [Fact]
    public async Task A_batch_that_does_not_carry_its_chain_is_refused_whole()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 1);
        var broken = log.Make(1, 1, UInt128.Zero) with { Chain = 5 };

        await Assert.ThrowsAsync<ArgumentException>(async () => await Journal.AppendAsync([broken]));
        Assert.Empty(await Journal.ReadAllOfAsync(1));
    }

    [Fact]
    public async Task A_release_by_the_owner_or_by_a_stranger_keeps_the_log()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 1);
        await AppendOneAsync(log.Next());
        await Journal.ReleaseAsync(1, log.Epoch + 1, CancellationToken.None);
        await Journal.ReleaseAsync(1, log.Epoch, CancellationToken.None);

        var next = await PartitionLog.ClaimAsync(Journal, 1);
        Assert.Equal((log.Epoch + 1, log.Seq, log.Chain), (next.Epoch, next.Seq, next.Chain));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        var logs = new List<PartitionLog>();
        for (var partition = 0; partition < Partitions; partition++)
            logs.Add(await PartitionLog.ClaimAsync(Journal, partition));
        var written = logs.ToDictionary(log => log.Partition, _ => new List<PartitionBatch>());
        for (var round = 0; round < 200; round++)
        {
            var group = logs.Where(log => (log.Partition + round) % 3 == 0).Select(log => log.Next(1 + round % 4)).ToList();
            await Journal.AppendAsync(group);
            group.ForEach(batch => written[batch.Partition].Add(batch));
        }

        await ReopenAsync();

        foreach (var log in logs)
        {
            var claim = await PartitionLog.ClaimAsync(Journal, log.Partition);
            Assert.Equal((log.Epoch + 1, log.Seq, log.Chain), (claim.Epoch, claim.Seq, claim.Chain));
            JournalAssertions.Same(written[log.Partition], await Journal.ReadAllOfAsync(log.Partition));
            JournalAssertions.Same(written[log.Partition], await Journal.ReadAllOfAsync(log.Partition));
            Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(claim.Next()));
        }
    }

    [Fact]
    public async Task An_append_that_the_store_could_not_make_can_be_made_again()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        var batch = log.Next();
        FailNextAppend(AppendFault.Unavailable);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Journal.AppendAsync([batch]));
        Assert.Empty(await Journal.ReadAllOfAsync(0));

        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(batch));
        await ReopenAsync();
        JournalAssertions.Same([batch], await Journal.ReadAllOfAsync(0));
    }

    [Theory]
    [InlineData(AppendFault.AmbiguousLost)]
    [InlineData(AppendFault.AmbiguousDurable)]
    public async Task After_an_ambiguous_commit_only_a_claim_goes_on_and_learns_what_became_of_it(AppendFault fault)
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        var neighbour = await PartitionLog.ClaimAsync(Journal, 1);
        await AppendOneAsync(log.Next());
        var (seqBefore, chainBefore) = (log.Seq, log.Chain);
        var doubtful = log.Next();
        FailNextAppend(fault);
        await Assert.ThrowsAsync<AmbiguousCommitException>(async () => await Journal.AppendAsync([doubtful]));

        Assert.Equal(AppendOutcome.Fenced, await AppendOneAsync(log.Make(seqBefore + 1, seqBefore + 1, chainBefore)));
        Assert.Equal(AppendOutcome.Fenced, await AppendOneAsync(log.Next()));
        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(neighbour.Next()));

        var next = await PartitionLog.ClaimAsync(Journal, 0);
        var isDurable = fault == AppendFault.AmbiguousDurable;
        Assert.Equal(isDurable ? doubtful.LastSeq : seqBefore, next.Seq);
        var found = (await Journal.ReadAllOfAsync(0)).Exists(batch => batch.BatchId == doubtful.BatchId);
        Assert.Equal(isDurable, found);
        Assert.Equal(AppendOutcome.Appended, await AppendOneAsync(next.Next()));

        await ReopenAsync();
        Assert.Equal(isDurable ? 3 : 2, (await Journal.ReadAllOfAsync(0)).Count);
    }

    [Fact]
    public async Task A_closed_store_is_unavailable()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        await _store!.DisposeAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Journal.AppendAsync([log.Next()]));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Journal.ClaimAsync(0, "a", CancellationToken.None));
        await Assert.ThrowsAsync<StoreUnavailableException>(
            async () => await ReadModel.LoadPartitionAsync(0, CancellationToken.None));
    }
}
