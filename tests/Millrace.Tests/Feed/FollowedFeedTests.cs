using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Feed;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Feed;

public sealed class FollowedFeedTests
{
    private static readonly FeedFilter OfAcme = new(Given.Acme);

    [Fact]
    public async Task Of_very_many_partitions_all_are_followed()
    {
        var (journal, feed) = New(4_096, isOneLog: false);
        var texts = await feed.EndAsync(default);
        Assert.Equal(8, texts.Count);
        var cursors = feed.TryParse(texts)!;
        OrderId[] orders = [journal.NewOrder(0), journal.NewOrder(7), journal.NewOrder(4_095)];
        foreach (var order in orders)
            journal.Decide(order, 2);
        var told = new List<FeedEvent>();
        for (var hasMore = true; hasMore;)
        {
            (var events, _, hasMore) = await feed.ReadAsync(cursors, 0, OfAcme, 100, default);
            told.AddRange(events);
        }

        Assert.Equal(orders.Order(), told.Select(one => one.Order).Distinct().Order());
        Assert.Equal(6, told.Count);
    }

    [Fact]
    public async Task Cursors_of_another_store_are_none()
    {
        var other = await New(8, isOneLog: false).Feed.EndAsync(default);
        var (_, feed) = New(4, isOneLog: false);
        Assert.Null(feed.TryParse(other));
        Assert.Null(feed.TryParse([]));
        Assert.Null(feed.TryParse(["x"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_happens_in_a_restored_store_is_not_taken_for_what_was_read_before(bool isOneLog)
    {
        var (before, read) = New(2, isOneLog);
        for (var i = 0; i < 10; i++)
            before.Decide(before.NewOrder(i % 2));
        var texts = await read.EndAsync(default);

        // Restored from a backup of earlier than that.
        var (journal, feed) = New(2, isOneLog);
        for (var i = 0; i < 4; i++)
            journal.Decide(journal.NewOrder(i % 2));
        var cursors = await feed.WithinAsync(feed.TryParse(texts)!, default);
        var order = journal.NewOrder(1);
        journal.Decide(order);
        Assert.Equal(order, Assert.Single((await feed.ReadAsync(cursors, 0, OfAcme, 10, default)).Events).Order);
    }

    [Fact]
    public async Task Where_a_partition_ends_that_is_on_its_way_is_waited_for()
    {
        var (journal, feed) = New(2, isOneLog: false);
        journal.Decide(journal.NewOrder(0), 3);
        var cursors = feed.TryParse(await feed.EndAsync(default))!;
        journal.Away = 0;
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await feed.WithinAsync(cursors, default));
        journal.Away = null;
        cursors = await feed.WithinAsync(cursors, default);
        Assert.Empty((await feed.ReadAsync(cursors, 0, OfAcme, 10, default)).Events);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_event_of_a_partition_that_is_on_its_way_is_not_taken_for_gone(bool isWithinEntry)
    {
        var (journal, feed) = New(2, isOneLog: false);
        var cursors = feed.TryParse(await feed.EndAsync(default))!;
        journal.Decide(journal.NewOrder(0), 2);
        journal.Decide(journal.NewOrder(1));
        if (isWithinEntry)
            await feed.ReadAsync(cursors, 0, OfAcme, 1, default);
        var from = cursors[0].ToStoredText();
        var told = (await feed.ReadAsync(cursors, 0, OfAcme, 10, default)).Events;
        var moved = told.Last(e => e.Partition == 0);

        journal.Away = 0;
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await feed.FindAsync(from, OfAcme, moved.Id, default));
        journal.Away = null;
        Assert.Equal(moved.Id, (await feed.FindAsync(from, OfAcme, moved.Id, default))?.Id);
        Assert.Null(await feed.FindAsync(from, OfAcme, "0:99:0", default));
        // Another's is found meanwhile.
        journal.Away = 1;
        Assert.NotNull(await feed.FindAsync(from, OfAcme, moved.Id, default));
    }

    [Fact]
    public async Task A_share_that_is_always_busy_does_not_keep_the_others_back()
    {
        var (journal, feed) = New(FeedCursor.MostLogs + 1, isOneLog: false);
        var cursors = feed.TryParse(await feed.EndAsync(default))!;
        Assert.Equal(2, cursors.Length);
        // The first share has every second partition, from 0.
        var quiet = journal.NewOrder(1);
        journal.Decide(quiet);
        var told = new List<OrderId>();
        for (var turn = 0; turn < 2; turn++)
        {
            journal.Decide(journal.NewOrder(0));
            told.AddRange((await feed.ReadAsync(cursors, turn, OfAcme, 10, default)).Events.Select(e => e.Order));
        }

        Assert.Contains(quiet, told);
    }

    private static (FeedJournal Journal, FollowedFeed Feed) New(int partitions, bool isOneLog)
    {
        var journal = new FeedJournal(partitions, isOneLog);
        return (journal, new FollowedFeed(new EventFeed(journal)));
    }
}
