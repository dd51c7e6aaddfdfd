using Millrace.Engine.Codec;
using Millrace.Engine.Journal;

namespace Millrace.Simulation.Stores;

/// <summary>A row of the journal, and what it says: read once, for the checker and for every recovery.</summary>
internal sealed class StoredBatch(PartitionBatch batch)
{
    public PartitionBatch Batch { get; } = batch;

    public List<JournalRecord> Records => field ??= RecordCodec.Read(Batch.Payload);

    /// <summary>As a build reads them that knows payload formats up to <paramref name="newest"/>.</summary>
    public List<JournalRecord> ReadableTo(int newest) =>
        Batch.Payload.Span[0] <= newest ? Records : RecordCodec.Read(Batch.Payload, newest);
}
