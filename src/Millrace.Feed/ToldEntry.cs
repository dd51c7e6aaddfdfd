using Millrace.Engine.Codec;
using Millrace.Engine.Journal;

namespace Millrace.Feed;

/// <summary>An entry of a log as the feed tells it.</summary>
/// <param name="End">The position after it.</param>
/// <param name="Events">Of all its partitions, each one's in order.</param>
/// <param name="Bytes">Of the payloads that they were decoded from.</param>
internal readonly record struct ToldEntry(long End, FeedEvent[] Events, int Bytes)
{
    public static ToldEntry Of(LogEntry entry)
    {
        var events = new List<FeedEvent>();
        foreach (var batch in entry.Batches)
            AddTo(events, batch);
        return new ToldEntry(entry.End, [.. events], entry.Batches.Sum(batch => batch.Payload.Length));
    }

    private static void AddTo(List<FeedEvent> events, PartitionBatch batch)
    {
        var seq = batch.FirstSeq;
        foreach (var record in RecordCodec.Read(batch.Payload))
        {
            // Without a mark it is of a format that told neither tenant nor version: see docs/adr/0017.
            if (record is JournalRecord.OrderDecided { Mark: { } mark } decided)
            {
                for (var i = 0; i < decided.Decision.Facts.Length; i++)
                    events.Add(new FeedEvent(batch.Partition, batch.Epoch, seq, i, decided.Order, mark.Tenant, mark.VersionBefore + i + 1, decided.Decision.Context, decided.Decision.Facts[i]));
            }

            seq++;
        }
    }
}
