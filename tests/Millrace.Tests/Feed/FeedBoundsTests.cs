using Millrace.Engine.Journal;
using Millrace.Feed;
using Xunit;

namespace Millrace.Tests.Feed;

/// <summary>However many ask at once where the feed ends, each is told where it ended after he asked: an older end would be behind what he has read.</summary>
public sealed class FeedBoundsTests
{
    [Fact]
    public async Task Whoever_asks_is_told_of_a_reading_that_began_after_he_asked()
    {
        var journal = new CountingJournal();
        var feed = new EventFeed(journal);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var turn = 0; turn < 50_000; turn++)
            {
                var begun = journal.Begun;
                Assert.True((await feed.EndAsync(FeedShare.All, TestContext.Current.CancellationToken)).Positions[0] > begun);
            }
        })));
    }

    /// <summary>Its log ends at the number of its readings, each of which takes an instant.</summary>
    private sealed class CountingJournal : IJournalFeed
    {
        private int _begun;

        public int Begun => Volatile.Read(ref _begun);

        public int LogCount => 1;

        public async ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
        {
            var end = Interlocked.Increment(ref _begun);
            await Task.Yield();
            return [new LogBounds(0, end)];
        }

        public IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, CancellationToken cancellation) => AsyncEnumerable.Empty<LogEntry>();
    }
}
