using Millrace.Feed;
using Millrace.Webhooks.Delivering;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>When how far an endpoint is, is worth a write.</summary>
public sealed class DeliveryJournalTests
{
    [Fact]
    public async Task A_cursor_that_has_moved_is_kept_after_a_while_though_the_clock_is_set_back()
    {
        await using var node = new DeliveryNode();
        var time = node.Time;
        using var journal = new DeliveryJournal("wh_1", node.Stored, new WaitingRoom(node.Records, "wh_1"), time);
        journal.Reached([At(1)]);
        Assert.True(journal.IsWorthSaving());
        await journal.SaveAsync(TestContext.Current.CancellationToken);
        Assert.False(journal.IsWorthSaving());
        time.SetBack(TimeSpan.FromDays(1));
        journal.Reached([At(2)]);
        Assert.False(journal.IsWorthSaving());
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(journal.IsWorthSaving());
    }

    private static FeedCursor At(long position) => new(new FeedShare(0, 1), [position], 0, 0);
}
