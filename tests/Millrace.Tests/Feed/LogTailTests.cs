using Millrace.Feed;
using Xunit;

namespace Millrace.Tests.Feed;

/// <summary>Who follows closely is told what was read once for all; who does not is told it as well.</summary>
public sealed class LogTailTests
{
    private const int Most = 200;
    private readonly FeedJournal _journal = new(partitions: 4, isOneLog: true);
    private readonly LogTail _tail;
    private long _written;

    public LogTailTests() => _tail = new LogTail(_journal, 0, Most);

    [Fact]
    public async Task What_all_follow_closely_is_read_once()
    {
        await TellAsync(0);
        for (var round = 0; round < 20; round++)
        {
            var before = _written;
            Write(5);
            foreach (var told in await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => TellAsync(before)))))
                Assert.Equal(Between(before, _written), told);
        }

        Assert.Equal(20, _journal.LogReads);
    }

    [Fact]
    public async Task Who_is_far_behind_reads_for_himself_and_the_others_go_on_from_memory()
    {
        Write(1_000);
        var end = _written;
        Assert.Empty(await TellAsync(end));
        Write(3);
        Assert.Equal(Between(end, _written), await TellAsync(end));
        var reads = _journal.LogReads;
        Assert.Equal(Between(0, _written), await TellAsync(0));
        Assert.Equal(reads + 1, _journal.LogReads);
        Assert.Equal(Between(end, _written), await TellAsync(end));
        Assert.Equal(reads + 1, _journal.LogReads);
    }

    [Fact]
    public async Task What_is_kept_is_bounded_and_what_is_not_kept_is_read_again()
    {
        await TellAsync(0);
        Write(2 * Most);
        Assert.Equal(Between(0, _written), await TellAsync(0));
        var reads = _journal.LogReads;
        // The last so many are there still, and nothing before.
        Assert.Equal(Between(_written - Most, _written), await TellAsync(_written - Most));
        Assert.Equal(reads, _journal.LogReads);
        Assert.Equal(Between(_written - Most - 1, _written), await TellAsync(_written - Most - 1));
        Assert.Equal(reads + 1, _journal.LogReads);
    }

    [Fact]
    public async Task Who_comes_after_nobody_has_asked_for_long_begins_where_he_is()
    {
        Write(10);
        await TellAsync(0);
        Write(1_000);
        var end = _written;
        Write(1);
        Assert.Equal([_written], await TellAsync(end));
        Assert.Equal([_written], await TellAsync(end));
    }

    [Fact]
    public async Task However_they_follow_each_is_told_everything_in_order()
    {
        var followers = Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            var told = new List<long>();
            while (told.Count < 3_000)
            {
                // Some read a little at a time, as pages do, and fall behind.
                var most = random.Next(1, i % 2 == 0 ? 400 : 40);
                await foreach (var entry in _tail.ReadAsync(told.Count, Volatile.Read(ref _written), TestContext.Current.CancellationToken))
                {
                    told.Add(entry.End);
                    if (--most == 0)
                        break;
                }

                await Task.Yield();
            }

            return told;
        })).ToList();
        while (_written < 3_000)
        {
            Write(1);
            await Task.Yield();
        }

        foreach (var told in await Task.WhenAll(followers))
            Assert.Equal(Between(0, 3_000), told);
    }

    // Each is one entry of one event, at the position of its number.
    private void Write(int orders)
    {
        for (var i = 0; i < orders; i++)
        {
            _journal.Decide(_journal.NewOrder(i % 4));
            Volatile.Write(ref _written, _written + 1);
        }
    }

    private async Task<List<long>> TellAsync(long after)
    {
        var told = new List<long>();
        await foreach (var entry in _tail.ReadAsync(after, Volatile.Read(ref _written), TestContext.Current.CancellationToken))
        {
            Assert.Equal(entry.End, told.Count + after + 1);
            Assert.Single(entry.Events);
            told.Add(entry.End);
        }

        return told;
    }

    private static IEnumerable<long> Between(long after, long end) => Enumerable.Range(1, (int)(end - after)).Select(i => after + i);
}
