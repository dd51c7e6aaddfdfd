using Millrace.Engine.Journal;
using Millrace.Feed;
using Xunit;

namespace Millrace.Tests.Feed;

/// <summary>Who follows closely is told what was read once for all; who does not is told it as well.</summary>
public sealed class LogTailTests
{
    private const int MostBytes = 20_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly FeedJournal _journal = new(partitions: 4, isOneLog: true);
    private readonly LogTail _tail;
    private long _written;

    public LogTailTests() => _tail = new LogTail(_journal, 0, MostBytes);

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
        Write(1_000);
        Assert.Equal(Between(0, _written), await TellAsync(0));
        var first = await FirstThatFitsAsync();
        var reads = _journal.LogReads;
        Assert.InRange(first, 2, _written - 50);
        // So many bytes of the last are there still, and nothing before.
        Assert.Equal(Between(first - 1, _written), await TellAsync(first - 1));
        Assert.Equal(reads, _journal.LogReads);
        Assert.Equal(Between(first - 2, _written), await TellAsync(first - 2));
        Assert.Equal(reads + 1, _journal.LogReads);
    }

    [Fact]
    public async Task An_entry_that_is_larger_than_all_that_is_kept_is_told_too()
    {
        var small = new LogTail(_journal, 0, mostBytes: 1);
        Write(300);
        for (var after = 0L; after < 300; after += 100)
        {
            var told = new List<long>();
            await foreach (var entry in small.ReadAsync(after, 300, TestContext.Current.CancellationToken))
                told.Add(entry.End);
            Assert.Equal(Between(after, 300), told);
        }
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
        using var limit = new CancellationTokenSource(Limit);
        var followers = Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            var told = new List<long>();
            while (told.Count < 3_000)
            {
                // Some read a little at a time, as pages do, and fall behind.
                var most = random.Next(1, i % 2 == 0 ? 400 : 40);
                await foreach (var entry in _tail.ReadAsync(told.Count, Volatile.Read(ref _written), limit.Token))
                {
                    told.Add(entry.End);
                    if (--most == 0)
                        break;
                }

                limit.Token.ThrowIfCancellationRequested();
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

    /// <summary>The first of the last entries that are kept: with one more they would be too large.</summary>
    private async Task<long> FirstThatFitsAsync()
    {
        var sizes = new List<int>();
        await foreach (var entry in ((IJournalFeed)_journal).ReadLogAsync(0, 0, _written, TestContext.Current.CancellationToken))
            sizes.Add(entry.Batches.Sum(batch => batch.Payload.Length));
        var (first, bytes) = (_written + 1, 0);
        while (bytes + sizes[(int)first - 2] <= MostBytes)
            bytes += sizes[(int)--first - 1];
        return first;
    }

    private static IEnumerable<long> Between(long after, long end) => Enumerable.Range(1, (int)(end - after)).Select(i => after + i);
}
