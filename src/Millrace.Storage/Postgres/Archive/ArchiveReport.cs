namespace Millrace.Storage.Postgres.Archive;

/// <summary>Days that are archived, or would be.</summary>
/// <param name="Shard">The database.</param>
/// <param name="First">Of the days; mostly the only one.</param>
/// <param name="Last">The same, or a later one.</param>
/// <param name="Batches">Of all partitions.</param>
/// <param name="Records">In these batches.</param>
/// <param name="Bytes">Of the file; 0 when nothing was written, because the days have nothing or nothing was to be done.</param>
public sealed record ArchivedDays(string Shard, DateOnly First, DateOnly Last, long Batches, long Records, long Bytes);

/// <summary>What was archived of one database, from the oldest day.</summary>
/// <param name="Done">Also out of the database.</param>
/// <param name="Stays">Why older days than asked for are still there; null when none is.</param>
public sealed record ArchiveReport(IReadOnlyList<ArchivedDays> Done, string? Stays);

/// <summary>A month of orders that is archived, or would be.</summary>
/// <param name="Shard">The database.</param>
/// <param name="Month">Its first day, by UTC.</param>
/// <param name="Orders">In the file.</param>
/// <param name="Stay">Rows of that month that are still in the database: the pipeline or a person is to look at them, or they changed meanwhile.</param>
/// <param name="Bytes">Of the file; 0 when nothing was written.</param>
/// <param name="Why">Why the whole month stays; null when it does not.</param>
public sealed record ArchivedOrders(string Shard, DateOnly Month, long Orders, long Stay, long Bytes, string? Why);
