using System.Globalization;
using Millrace.Engine.Administration;

namespace Millrace.Api.Jobs;

/// <summary>The results of one job, in the order in which its orders were taken: numbered from 0, 500 in a record.</summary>
internal sealed class JobResults(IRecords records, string job)
{
    // Of at most 100 bytes each: ids have 30 characters, outcomes 9, codes less than 32.
    private const int PerRecord = 500;
    private const string Kind = "job_result";

    /// <summary>Keeps results from a place on, in the place of what is there. Behind them nothing is taken away: it may be of a runner that came further.</summary>
    /// <returns>False when another runner has written in between.</returns>
    public async Task<bool> TryWriteAsync(int from, IReadOnlyList<JobResult> results, CancellationToken cancellation)
    {
        for (var done = 0; done < results.Count;)
        {
            var (number, place) = Math.DivRem(from + done, PerRecord);
            var record = await records.FindRecordAsync(Kind, Name(number), cancellation) ?? new StoredRecord(Kind, Name(number), 0, default);
            var kept = JobResult.Read(record.Body.Span);
            if (kept.Count < place)
                throw new InvalidDataException($"Results of {job} are missing before number {from + done}.");
            var added = Math.Min(PerRecord - place, results.Count - done);
            var body = JobResult.Write(kept.Take(place).Concat(results.Skip(done).Take(added)).Concat(kept.Skip(place + added)));
            if (await records.TryWriteRecordAsync(record.With(body), cancellation) is null)
                return false;
            done += added;
        }

        return true;
    }

    /// <param name="from">The first.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="end">How many the job has; what is written behind that does not count yet.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<List<JobResult>> ReadAsync(int from, int most, int end, CancellationToken cancellation)
    {
        var results = new List<JobResult>();
        for (var left = Math.Min(most, end - from); left > 0; left = Math.Min(most, end - from) - results.Count)
        {
            var (number, place) = Math.DivRem(from + results.Count, PerRecord);
            if (await records.FindRecordAsync(Kind, Name(number), cancellation) is not { } record)
                break;
            var some = JobResult.Read(record.Body.Span).Skip(place).Take(left).ToList();
            if (some.Count == 0)
                break;
            results.AddRange(some);
        }

        return results;
    }

    public async Task DeleteAsync(CancellationToken cancellation)
    {
        while (await records.ListRecordsAsync(Kind, job + "/", 1, cancellation) is [{ } record] && record.Id.StartsWith(job + "/", StringComparison.Ordinal))
            await records.TryDeleteRecordAsync(Kind, record.Id, record.Version, cancellation);
    }

    private string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"{job}/{number:D6}");
}
