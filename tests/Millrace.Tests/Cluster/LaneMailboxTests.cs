using Millrace.Cluster.Lanes;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class LaneMailboxTests
{
    private static readonly LaneInput Input = new(LaneInputKind.Run, -1);

    // As a lane does at its end, while payments that were broken off and commits that have ended still report to it.
    [Fact]
    public async Task What_a_closed_mailbox_held_is_looked_at_while_others_post()
    {
        for (var round = 0; round < 100; round++)
        {
            var mailbox = new LaneMailbox(10);
            for (var i = 0; i < 1_000; i++)
                Assert.True(mailbox.Post(Input));
            var left = mailbox.Close();
            using var begun = new ManualResetEventSlim();
            var posting = Task.Run(() =>
            {
                begun.Set();
                for (var i = 0; i < 1_000; i++)
                    Assert.False(mailbox.Post(Input));
            });
            begun.Wait(TestContext.Current.CancellationToken);
            Assert.Equal(1_000, left.Count(input => input == Input));
            await posting;
        }
    }

    [Fact]
    public async Task How_long_the_oldest_input_has_waited_counts_from_the_first_that_nobody_has_taken()
    {
        var mailbox = new LaneMailbox(10);
        Assert.Equal(TimeSpan.Zero, mailbox.OldestAge);
        mailbox.Post(Input);
        var before = await Eventually.AsyncOf(() => Task.FromResult(mailbox.OldestAge), age => age > TimeSpan.FromMilliseconds(30), "the input ages");
        mailbox.Post(Input);
        Assert.True(mailbox.OldestAge >= before);

        Assert.Equal(2, mailbox.TakeAll([], 1, TimeSpan.Zero).Count);
        Assert.Equal(TimeSpan.Zero, mailbox.OldestAge);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        mailbox.Post(Input);
        Assert.InRange(mailbox.OldestAge, TimeSpan.Zero, watch.Elapsed);
    }

    [Fact]
    public async Task A_read_that_comes_while_the_lane_is_at_work_has_the_next_turn()
    {
        var mailbox = new LaneMailbox(10);
        Assert.True(mailbox.TryPostRequest(Input, isUrgent: true));
        var turn = Task.Run(() => mailbox.TakeAll([], 64, TimeSpan.FromMinutes(10)), TestContext.Current.CancellationToken);
        Assert.Single(await turn.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
    }
}
