using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Feed;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Feed;

/// <summary>Who follows the feed is told every event of his orders once, in each order's order, however he turns the pages.</summary>
public sealed class EventFeedTests
{
    private static readonly FeedFilter OfAcme = new(Given.Acme);

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(true, 200)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(false, 200)]
    public async Task Every_event_is_told_once_and_in_its_orders_order(bool isOneLog, int limit)
    {
        var journal = Filled(isOneLog);

        var events = await AllAsync(New(journal), FeedShare.All, OfAcme, limit);

        Assert.Equal(events.Count, events.Select(e => e.Id).Distinct().Count());
        Assert.Equal(12, events.Select(e => e.Order).Distinct().Count());
        foreach (var order in events.GroupBy(e => e.Order))
            Assert.Equal(Enumerable.Range(1, 7), order.Select(e => e.Version));
        Assert.All(events.Where(e => e.Version == 1), e => Assert.Equal("order.placed.v1", e.Type));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_comes_later_is_told_after_the_last_page(bool isOneLog)
    {
        var journal = Filled(isOneLog);
        var feed = New(journal);
        var end = await feed.EndAsync(FeedShare.All, default);
        Assert.Empty((await feed.ReadAsync(end, OfAcme, 10, default)).Events);

        var order = journal.NewOrder(2);
        journal.Decide(order, 2);

        var page = await feed.ReadAsync(end, OfAcme, 10, default);
        Assert.Equal([1, 2], page.Events.Select(e => e.Version));
        Assert.False(page.HasMore);
        Assert.Empty((await feed.ReadAsync(page.Next, OfAcme, 10, default)).Events);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Shares_divide_the_orders_among_them(bool isOneLog)
    {
        var journal = Filled(isOneLog);

        var shares = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => AllAsync(New(journal), new FeedShare(i, 3), OfAcme, 5)));

        var all = await AllAsync(New(journal), FeedShare.All, OfAcme, 200);
        Assert.Equal(all.Select(e => e.Id).Order(), shares.SelectMany(share => share).Select(e => e.Id).Order());
        Assert.Equal(12, shares.Sum(share => share.Select(e => e.Order).Distinct().Count()));
    }

    [Fact]
    public async Task Of_other_merchants_and_other_types_nothing_is_told()
    {
        var journal = Filled(isOneLog: false);
        var theirs = journal.NewOrder(1);
        journal.Decide(theirs, 3, Given.Other);

        Assert.Equal([theirs], (await AllAsync(New(journal), FeedShare.All, new FeedFilter(Given.Other), 10)).Select(e => e.Order).Distinct());
        var placed = await AllAsync(New(journal), FeedShare.All, OfAcme with { Types = new HashSet<string> { "order.placed.v1" } }, 5);
        Assert.Equal(12, placed.Count);
        Assert.All(placed, e => Assert.Equal((1, Given.Acme), (e.Version, e.Tenant)));
    }

    [Fact]
    public async Task A_busy_partition_does_not_keep_the_others_back()
    {
        var journal = new FeedJournal(3, isOneLog: false);
        for (var i = 0; i < 100; i++)
            journal.Decide(journal.NewOrder(0), 3);
        var quiet = journal.NewOrder(2);
        journal.Decide(quiet);

        var feed = New(journal);
        var first = await feed.ReadAsync(await feed.StartAsync(FeedShare.All, default), OfAcme, 10, default);
        var second = await feed.ReadAsync(first.Next, OfAcme, 10, default);

        Assert.DoesNotContain(first.Events, e => e.Order == quiet);
        Assert.Contains(second.Events, e => e.Order == quiet);
    }

    [Fact]
    public async Task A_page_looks_at_a_bounded_number_of_events_and_goes_on_though_none_was_wanted()
    {
        var journal = new FeedJournal(1, isOneLog: true);
        journal.Decide(journal.NewOrder(0), EventFeed.MostScanned + 5, Given.Other);
        journal.Decide(journal.NewOrder(0));
        var feed = New(journal);

        var page = await feed.ReadAsync(await feed.StartAsync(FeedShare.All, default), OfAcme, 10, default);

        Assert.Empty(page.Events);
        Assert.True(page.HasMore);
        Assert.Single((await feed.ReadAsync(page.Next, OfAcme, 10, default)).Events);
    }

    [Fact]
    public async Task What_is_of_other_shares_was_looked_at_too()
    {
        var journal = new FeedJournal(2, isOneLog: true);
        for (var i = 0; i < 3; i++)
            journal.Decide(journal.NewOrder(1), EventFeed.MostScanned / 2);
        journal.Decide(journal.NewOrder(0));
        var feed = New(journal);

        var page = await feed.ReadAsync(await feed.StartAsync(new FeedShare(0, 2), default), OfAcme, 10, default);

        Assert.Empty(page.Events);
        Assert.True(page.HasMore);
        Assert.Equal(2, page.Next.Positions[0]);
        Assert.Single((await feed.ReadAsync(page.Next, OfAcme, 10, default)).Events);
    }

    // An entry that has one before it is known by what was before.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_partition_that_leaves_while_one_of_its_entries_is_told_is_waited_for(int earlier)
    {
        var journal = new FeedJournal(2, isOneLog: false);
        for (var i = 0; i < earlier; i++)
            journal.Decide(journal.NewOrder(0), 1);
        journal.Decide(journal.NewOrder(0), 4);
        journal.Decide(journal.NewOrder(1), 4);
        var feed = New(journal);
        // In the middle of partition 0's last entry.
        var page = await feed.ReadAsync(await feed.StartAsync(FeedShare.All, default), OfAcme, earlier + 2, default);
        Assert.Equal(2, page.Next.Skip);
        journal.Away = 0;

        var meanwhile = await feed.ReadAsync(page.Next, OfAcme, 10, default);
        journal.Away = null;
        var after = await feed.ReadAsync(meanwhile.Next, OfAcme, 10, default);

        Assert.Empty(meanwhile.Events);
        Assert.Equal([(0, 3), (0, 4), (1, 1), (1, 2), (1, 3), (1, 4)], after.Events.Select(e => (e.Partition, e.Version)));
    }

    [Fact]
    public async Task A_partition_that_is_on_its_way_is_told_of_when_it_has_arrived()
    {
        var journal = new FeedJournal(2, isOneLog: false);
        journal.Decide(journal.NewOrder(0), 4);
        journal.Decide(journal.NewOrder(1), 4);
        var feed = New(journal);
        journal.Away = 0;

        var meanwhile = await feed.ReadAsync(new FeedCursor(FeedShare.All, [0, 0]), OfAcme, 10, default);
        journal.Away = null;
        var after = await feed.ReadAsync(meanwhile.Next, OfAcme, 10, default);

        Assert.Equal([(1, 1), (1, 2), (1, 3), (1, 4)], meanwhile.Events.Select(e => (e.Partition, e.Version)));
        Assert.Equal([(0, 1), (0, 2), (0, 3), (0, 4)], after.Events.Select(e => (e.Partition, e.Version)));
    }

    [Fact]
    public async Task What_is_archived_is_said_to_be_gone()
    {
        var journal = Filled(isOneLog: false);
        var feed = New(journal);
        var start = await feed.StartAsync(FeedShare.All, default);
        journal.Start = 3;

        await Assert.ThrowsAsync<FeedGoneException>(async () => await feed.ReadAsync(start, OfAcme, 10, default));
        Assert.All((await feed.StartAsync(FeedShare.All, default)).Positions.ToArray(), position => Assert.Equal(3, position));
    }

    [Fact]
    public async Task Who_followed_to_a_later_moment_than_the_store_was_restored_to_is_told_so()
    {
        var feed = New(Filled(isOneLog: false));
        var ahead = await New(FilledTwice()).EndAsync(FeedShare.All, default);

        await Assert.ThrowsAsync<FeedGoneException>(async () => await feed.ReadAsync(ahead, OfAcme, 10, default));

        static FeedJournal FilledTwice()
        {
            var journal = Filled(isOneLog: false);
            journal.Decide(journal.NewOrder(3));
            return journal;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_followed_a_store_that_was_restored_and_has_outgrown_him_since_is_told_so(bool isOneLog)
    {
        var (lost, restored) = (Filled(isOneLog), Filled(isOneLog));
        var common = (await ReadAsync(New(lost), await New(lost).StartAsync(FeedShare.All, default), 1_000)).Next;
        restored.Life = 1;
        foreach (var (journal, orders) in new[] { (lost, 12), (restored, 24) })
        {
            for (var i = 0; i < orders; i++)
                journal.Decide(journal.NewOrder(i % 6), 2);
        }

        var ahead = (await ReadAsync(New(lost), common, 12)).Next;
        Assert.True(FeedCursor.TryParse(ahead.ToString(), out var kept));
        await Assert.ThrowsAsync<FeedGoneException>(() => ReadAsync(New(restored), kept, 1_000));
        // Who was not beyond the moment goes on in either.
        Assert.Equal(24, (await ReadAsync(New(lost), common, 1_000)).Events.Count);
        Assert.Equal(48, (await ReadAsync(New(restored), common, 1_000)).Events.Count);
        // As text of a version before, which had no stamps.
        Assert.True(FeedCursor.TryParse(new FeedCursor(FeedShare.All, ahead.Positions).ToString(), out var unstamped));
        Assert.NotEmpty((await ReadAsync(New(restored), unstamped, 1_000)).Events);

        static Task<FeedPage> ReadAsync(EventFeed feed, FeedCursor after, int most) => feed.ReadAsync(after, OfAcme, most, default).AsTask();
    }

    [Fact]
    public async Task Who_has_seen_a_part_of_an_entry_that_is_another_one_since_is_told_so_and_what_is_kept_in_the_store_begins_it_anew()
    {
        var (lost, restored) = (new FeedJournal(1, isOneLog: true), new FeedJournal(1, isOneLog: true) { Life = 1 });
        foreach (var journal in new[] { lost, restored })
            journal.Decide(journal.NewOrder(0), 3);
        var start = await New(lost).StartAsync(FeedShare.All, default);
        var within = (await New(lost).ReadAsync(start, OfAcme, 1, default)).Next;
        Assert.Equal(1, within.Skip);
        Assert.Equal(2, (await New(lost).ReadAsync(within, OfAcme, 10, default)).Events.Count);
        await Assert.ThrowsAsync<FeedGoneException>(async () => await New(restored).ReadAsync(within, OfAcme, 10, default));

        Assert.True(FeedCursor.TryParse(within.ToStoredText(), out var kept));
        Assert.False(kept.Stamps.ContainsAnyExcept((ushort)0));
        var empty = new FollowedFeed(New(new FeedJournal(1, isOneLog: true)));
        Assert.Equal(0, Assert.Single(await empty.WithinAsync([kept], default)).Skip);
    }

    [Fact]
    public async Task While_a_partition_is_on_its_way_nobody_is_told_where_to_begin()
    {
        var journal = Filled(isOneLog: false);
        journal.Away = 2;
        await Assert.ThrowsAsync<Millrace.Engine.Journal.StoreUnavailableException>(async () => await New(journal).EndAsync(FeedShare.All, default));
        Assert.Equal(3, (await New(journal).EndAsync(new FeedShare(1, 2), default)).Positions.Length);
    }

    // Decisions of before say neither whose they are nor which: docs/adr/0017.
    [Fact]
    public async Task Of_a_store_that_was_written_by_an_earlier_version_the_rest_is_told()
    {
        var journal = new FeedJournal(1, isOneLog: true);
        var order = journal.NewOrder(0);
        journal.Decide(order, 2, format: PayloadFormat.Oldest);
        journal.Decide(order, 3, format: PayloadFormat.WithAnswersSetAside);
        journal.Decide(order, 2);

        Assert.Equal([1, 2, 6, 7], (await AllAsync(New(journal), FeedShare.All, OfAcme, 10)).Select(e => e.Version));
    }

    [Fact]
    public async Task However_many_follow_the_store_is_asked_one_thing_at_a_time_and_each_is_told_what_was_before_he_asked()
    {
        var journal = Filled(isOneLog: true);
        var feed = New(journal);
        var end = await feed.EndAsync(FeedShare.All, default);
        var asked = journal.Asked;

        journal.Gate = new TaskCompletionSource();
        var early = feed.ReadAsync(end, OfAcme, 10, default).AsTask();
        journal.Decide(journal.NewOrder(0));
        var late = Enumerable.Range(0, 20).Select(_ => feed.ReadAsync(end, OfAcme, 10, default).AsTask()).ToList();
        Assert.Equal(asked + 1, journal.Asked);
        journal.Gate.SetResult();

        await early;
        Assert.All(await Task.WhenAll(late), page => Assert.Single(page.Events));
        Assert.Equal(asked + 2, journal.Asked);
    }

    [Theory]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("AA")]
    [InlineData("AQIBAAABAg")]
    [InlineData("AQABAAAB")]
    [InlineData("AQABBQABAg")]
    [InlineData("AQABAAABAw")]
    [InlineData("AQABAAAB____")]
    [InlineData("****")]
    public void Only_what_the_feed_gave_is_a_cursor_of_it(string text)
    {
        var feed = New(new FeedJournal(1, isOneLog: true));
        Assert.True(FeedCursor.TryParse(new FeedCursor(FeedShare.All, [1]).ToString(), out var good) && feed.Knows(good));
        Assert.False(FeedCursor.TryParse(text, out var cursor) && feed.Knows(cursor));
    }

    [Fact]
    public void Of_very_many_partitions_a_share_is_followed()
    {
        var feed = New(new FeedJournal(4_096, isOneLog: false));
        Assert.False(feed.Fits(FeedShare.All));
        Assert.True(feed.Fits(new FeedShare(7, 8)));
        Assert.True(FeedShare.TryParse("8/8", 4_096, out var last));
        Assert.Equal(new FeedShare(7, 8), last);
        Assert.All(["0/8", "9/8", "1/4097", "1/0", "8", "", "a/b", "-1/2"], text => Assert.False(FeedShare.TryParse(text, 4_096, out _)));
    }

    // Twelve orders of seven events over six partitions, their decisions mixed; and one of somebody else's between them.
    private static FeedJournal Filled(bool isOneLog)
    {
        var journal = new FeedJournal(6, isOneLog);
        var orders = Enumerable.Range(0, 12).Select(i => journal.NewOrder(i % 6)).ToList();
        foreach (var events in new[] { 3, 1, 2, 1 })
        {
            orders.ForEach(order => journal.Decide(order, events));
            journal.Decide(journal.NewOrder(4), 2, TenantId.Parse("third"));
        }

        return journal;
    }

    private static EventFeed New(FeedJournal journal) => new(journal);

    private static async Task<List<FeedEvent>> AllAsync(EventFeed feed, FeedShare share, FeedFilter filter, int limit)
    {
        var events = new List<FeedEvent>();
        var cursor = await feed.StartAsync(share, default);
        while (true)
        {
            // As text, as it goes to the client and comes back.
            Assert.True(FeedCursor.TryParse(cursor.ToString(), out var after) && feed.Knows(after));
            var page = await feed.ReadAsync(after, filter, limit, default);
            Assert.True(page.Events.Count <= limit);
            events.AddRange(page.Events);
            cursor = page.Next;
            if (!page.HasMore)
                return events;
        }
    }
}
