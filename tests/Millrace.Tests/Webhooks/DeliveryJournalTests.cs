using System.Text;
using Millrace.Engine.Administration;
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
        journal.Reached([At(1)], isBegunAgain: false);
        Assert.True(journal.IsWorthSaving());
        await journal.SaveAsync(TestContext.Current.CancellationToken);
        Assert.False(journal.IsWorthSaving());
        time.SetBack(TimeSpan.FromDays(1));
        journal.Reached([At(2)], isBegunAgain: false);
        Assert.False(journal.IsWorthSaving());
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(journal.IsWorthSaving());
    }

    [Fact]
    public async Task That_an_endpoint_has_begun_again_outlives_a_restart_and_is_not_so_of_what_was_stored_before()
    {
        await using var node = new DeliveryNode();
        var cancellation = TestContext.Current.CancellationToken;
        await node.Records.TryWriteRecordAsync(new StoredRecord("webhook_state", "wh_1", 0, Encoding.UTF8.GetBytes($$"""{"cursors":["{{At(1)}}"],"replayed_to":7}""")), cancellation);
        foreach (var (before, after) in new[] { (false, true), (true, false), (false, false) })
        {
            using var journal = new DeliveryJournal("wh_1", node.Stored, new WaitingRoom(node.Records, "wh_1"), node.Time);
            await journal.LoadAsync(cancellation);
            Assert.Equal((before, 7), (journal.State.IsBegunAgain, journal.State.ReplayedTo));
            journal.Reached([At(1)], after);
            await journal.SaveAsync(cancellation);
        }
    }

    [Fact]
    public async Task Attempts_that_this_version_cannot_read_keep_no_endpoint_from_being_delivered_to()
    {
        await using var node = new DeliveryNode();
        var cancellation = TestContext.Current.CancellationToken;
        await node.Records.TryWriteRecordAsync(new StoredRecord("webhook_attempts", "wh_1", 0, """{"of":"a later version"}"""u8.ToArray()), cancellation);
        using var journal = new DeliveryJournal("wh_1", node.Stored, new WaitingRoom(node.Records, "wh_1"), node.Time);
        await journal.LoadAsync(cancellation);
        // Whoever asks for them has sent nothing that is malformed.
        await Assert.ThrowsAsync<InvalidDataException>(async () => await node.Stored.ListAttemptsAsync("wh_1", cancellation));
    }

    [Fact]
    public async Task A_state_that_this_version_cannot_read_is_no_request_that_is_malformed()
    {
        await using var node = new DeliveryNode();
        var cancellation = TestContext.Current.CancellationToken;
        await node.Records.TryWriteRecordAsync(new StoredRecord("webhook_state", "wh_1", 0, "[]"u8.ToArray()), cancellation);
        await node.Records.TryWriteRecordAsync(new StoredRecord("webhook_waiting", "wh_1/e", 0, "{}"u8.ToArray()), cancellation);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await node.Stored.FindStateAsync("wh_1", cancellation));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await node.Stored.ListWaitingAsync("wh_1", null, cancellation));
    }

    private static FeedCursor At(long position) => new(new FeedShare(0, 1), [position]);
}
