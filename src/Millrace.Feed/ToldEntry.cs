using Millrace.Engine.Codec;
using Millrace.Engine.Journal;

namespace Millrace.Feed;

/// <summary>An entry of a log as the feed tells it.</summary>
/// <param name="End">The position after it.</param>
/// <param name="Events">Of all its partitions, each one's in order.</param>
/// <param name="Bytes">Of the payloads that they were decoded from.</param>
/// <param name="Before">The stamp of the log at the position before it.</param>
/// <param name="After">The stamp at its end.</param>
internal readonly record struct ToldEntry(long End, FeedEvent[] Events, int Bytes, ushort Before, ushort After)
{
    public static ToldEntry Of(LogEntry entry)
    {
        var events = new List<FeedEvent>();
        foreach (var batch in entry.Batches)
            AddTo(events, batch);
        return new ToldEntry(entry.End, [.. events], entry.Batches.Sum(batch => batch.Payload.Length), StampOf(entry.PreviousChain), StampOf(entry.Chain));
    }

    // Two bytes of each log in every cursor: one of 65,535 logs that went on otherwise is taken for the same. Zero for what is not known.
    private static ushort StampOf(UInt128 chain) => chain == 0 ? (ushort)0 : (ushort)(1 + (chain % ushort.MaxValue));

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
