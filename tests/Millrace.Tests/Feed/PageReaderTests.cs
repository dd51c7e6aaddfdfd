using Millrace.Domain.Orders;
using Millrace.Feed;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Feed;

/// <summary>A page has an end whatever it meets, and the next one gets further.</summary>
public sealed class PageReaderTests
{
    private static readonly FeedShare First = new(0, 2);

    [Fact]
    public void An_entry_of_more_than_a_page_looks_at_is_got_through_whosever_events_are_in_it()
    {
        var others = Enumerable.Repeat(1, EventFeed.MostScanned + 1);
        var entry = Entry(1, [.. others, 0, 0, 1, 0]);
        var (told, after) = (new List<FeedEvent>(), new FeedCursor(First, [0]));
        for (var page = 0; page < 3; page++)
        {
            var reader = new PageReader(after, new FeedFilter(Given.Acme), most: 2);
            var isTaken = reader.Take(0, entry);
            var read = reader.ToPage(!isTaken, isIncomplete: false);
            told.AddRange(read.Events);
            after = read.Next;
            if (isTaken)
                break;
        }

        Assert.Equal(entry.Events.Where(e => e.Partition == 0), told);
        Assert.Equal((1, 0), (after.Positions[0], after.Skip));
    }

    [Fact]
    public void Entries_that_tell_nothing_were_looked_at_too()
    {
        var reader = new PageReader(new FeedCursor(First, [0]), new FeedFilter(Given.Acme), most: 10);
        var taken = 0;
        while (taken <= EventFeed.MostScanned && reader.Take(0, Entry(taken + 1, [])))
            taken++;
        Assert.Equal(EventFeed.MostScanned, taken);
        Assert.Equal(taken, reader.ToPage(hasMore: true, isIncomplete: false).Next.Positions[0]);
    }

    private static ToldEntry Entry(long end, int[] partitions) => new(
        end, [.. partitions.Select((partition, i) => new FeedEvent(partition, 1, end, i, Given.Id(partition, 1), Given.Acme, i + 1, new EventContext(Given.NowMs, Given.Shop), new OrderEvent.Resumed("on")))], 0, 0, 0);
}
