using System.Runtime.CompilerServices;
using System.Text.Json;
using Millrace.Domain.Identity;
using Millrace.Engine.Administration;

namespace Millrace.Api.Jobs;

/// <summary>A job in the version in which it was read.</summary>
internal sealed record StoredJob(Job Job, StoredRecord Record);

/// <summary>
/// Jobs in records: one for the job, one more that marks it while it runs, and one for every 500 results. A tenant's last hundred jobs are kept, so
/// at most 20 MB of results. Thread-safe.
/// </summary>
internal sealed class JobStore(IRecords records)
{
    /// <summary>Of a tenant, with those that are open.</summary>
    public const int MostKept = 100;

    private const string Kind = "job";
    private const string MarkKind = "job_mark";

    public async Task<StoredJob?> FindAsync(TenantId tenant, string id, CancellationToken cancellation) =>
        IsId(id) && await records.FindRecordAsync(Kind, Name(tenant.Value, id), cancellation) is { } record ? Read(record) : null;

    /// <summary>All of a tenant, newest first.</summary>
    public async Task<List<Job>> ListAsync(TenantId tenant, CancellationToken cancellation)
    {
        var prefix = Name(tenant.Value, "");
        var jobs = new List<Job>();
        await foreach (var record in records.ListAllAsync(Kind, prefix, cancellation))
        {
            // One of another version is for the nodes that can read it, and keeps the others from nobody.
            if (TryRead(record) is { } stored)
                jobs.Add(stored.Job);
        }

        jobs.Sort((one, other) => other.CreatedAtUnixMs.CompareTo(one.CreatedAtUnixMs));
        return jobs;
    }

    /// <returns>Null when there is one of that id.</returns>
    public Task<StoredJob?> TryAddAsync(Job job, CancellationToken cancellation) =>
        TrySaveAsync(new StoredRecord(Kind, Name(job.Tenant, job.Id), 0, default), job, cancellation);

    /// <summary>Marks a job for the runner to look at; after it was made or resumed. A mark that is there already is made another one: the runner may be about to take
    /// it away for what the job was before.</summary>
    public async Task MarkAsync(Job job, CancellationToken cancellation)
    {
        var name = Name(job.Tenant, job.Id);
        StoredRecord? mark;
        do
            mark = await records.FindRecordAsync(MarkKind, name, cancellation) ?? new StoredRecord(MarkKind, name, 0, default);
        while (await records.TryWriteRecordAsync(mark, cancellation) is null);
    }

    /// <summary>Marks all jobs that run: of one a crash may have come before its mark.</summary>
    public async Task MarkAllAsync(CancellationToken cancellation)
    {
        await foreach (var record in records.ListAllAsync(Kind, "", cancellation))
        {
            if (TryRead(record)?.Job is { Status: JobStatus.Running } job)
                await MarkAsync(job, cancellation);
        }
    }

    /// <returns>Null when another has changed it since it was read.</returns>
    public Task<StoredJob?> TrySaveAsync(StoredJob read, Job job, CancellationToken cancellation) => TrySaveAsync(read.Record, job, cancellation);

    /// <summary>The jobs that are marked, of all tenants; null for one that is not there any more.</summary>
    /// <param name="unreadable">Told of each that is of another version, or damaged: it is left to whoever can read it, and keeps no other from being run.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async IAsyncEnumerable<(StoredRecord Mark, StoredJob? Job)> ListMarkedAsync(Action<string> unreadable, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var mark in records.ListAllAsync(MarkKind, "", cancellation))
        {
            var record = await records.FindRecordAsync(Kind, mark.Id, cancellation);
            var stored = record is null ? null : TryRead(record);
            if (record is not null && stored is null)
                unreadable(mark.Id);
            else
                yield return (mark, stored);
        }
    }

    /// <summary>Takes a mark away, unless it was set again since.</summary>
    public async Task UnmarkAsync(StoredRecord mark, CancellationToken cancellation) =>
        await records.TryDeleteRecordAsync(mark.Kind, mark.Id, mark.Version, cancellation);

    /// <summary>Deletes the oldest of a tenant's jobs that are over, beyond the number that is kept.</summary>
    public async Task RetireAsync(TenantId tenant, CancellationToken cancellation)
    {
        foreach (var job in (await ListAsync(tenant, cancellation)).Skip(MostKept).Where(job => !job.IsOpen))
        {
            // The job last: what is left of a deletion that was broken off is found again.
            await ResultsOf(job).DeleteAsync(cancellation);
            if (await records.FindRecordAsync(Kind, Name(job.Tenant, job.Id), cancellation) is { } record && TryRead(record) is { Job.IsOpen: false })
                await records.TryDeleteRecordAsync(Kind, record.Id, record.Version, cancellation);
        }
    }

    public JobResults ResultsOf(Job job) => new(records, Name(job.Tenant, job.Id));

    private async Task<StoredJob?> TrySaveAsync(StoredRecord record, Job job, CancellationToken cancellation) =>
        await records.TryWriteRecordAsync(record.With(JsonSerializer.SerializeToUtf8Bytes(job, JobJson.Default.Job)), cancellation) is { } saved
            ? new StoredJob(job, saved)
            : null;

    // A tenant's name has no slash.
    private static string Name(string tenant, string id) => $"{tenant}/{id}";

    private static bool IsId(string id) => id.Length == 36 && id.StartsWith("job_", StringComparison.Ordinal) && id.AsSpan(4).IndexOfAnyExcept("0123456789abcdef") < 0;

    private static StoredJob? TryRead(StoredRecord record)
    {
        try
        {
            return Read(record);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static StoredJob Read(StoredRecord record) => new(record.Read(JobJson.Default.Job), record);
}
