using Millrace.Cluster.Lanes;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class LaneMailboxTests
{
    private static readonly LaneInput Input = new(LaneInputKind.Run, -1);

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
}
