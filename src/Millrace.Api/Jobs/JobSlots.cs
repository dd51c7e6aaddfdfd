using System.Text.Json;
using Millrace.Domain.Identity;
using Millrace.Engine.Administration;

namespace Millrace.Api.Jobs;

/// <summary>A job that is about to run: it is noted before it does.</summary>
internal sealed record TakenSlot(string Job, long AtUnixMs);

/// <summary>
/// How many jobs of a tenant may be open. They are counted where they are kept, and those that are about to be there in one record a tenant, written by
/// compare-and-set: of requests that come at once each sees those before it. Thread-safe.
/// </summary>
internal sealed class JobSlots(JobStore store, IRecords records, TimeProvider time)
{
    /// <summary>Running or paused, of a tenant: as many people may be at work at once without waiting for each other.</summary>
    public const int MostOpen = 4;

    // Stored name; never to change.
    private const string Kind = "job_slots";

    // What has not begun by then was given up, or its node has died.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Before a job is made, or resumed after it failed.</summary>
    /// <returns>False when as many are open as may be.</returns>
    public async Task<bool> TryTakeAsync(TenantId tenant, string job, CancellationToken cancellation)
    {
        while (true)
        {
            // Before the jobs: whoever is not in the record any more is among them.
            var record = await records.FindRecordAsync(Kind, tenant.Value, cancellation) ?? new StoredRecord(Kind, tenant.Value, 0, default);
            var jobs = (await store.ListAsync(tenant, cancellation)).ToDictionary(known => known.Id, StringComparer.Ordinal);
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            TakenSlot[] taken = record.Version == 0 ? [] : record.Read(JobJson.Default.TakenSlotArray);
            var coming = taken.Where(slot => slot.Job != job && Math.Abs(now - slot.AtUnixMs) < Patience.TotalMilliseconds && IsComing(slot, jobs.GetValueOrDefault(slot.Job))).ToList();
            if (jobs.Values.Count(known => known.IsOpen && known.Id != job) + coming.Count >= MostOpen)
                return false;
            coming.Add(new TakenSlot(job, now));
            if (await records.TryWriteRecordAsync(record.With(JsonSerializer.SerializeToUtf8Bytes([.. coming], JobJson.Default.TakenSlotArray)), cancellation) is not null)
                return true;
        }
    }

    // Not there yet, or failed before it took its place again.
    private static bool IsComing(TakenSlot slot, Job? job) => job is null || (job.Status == JobStatus.Failed && slot.AtUnixMs > job.EndedAtUnixMs);
}
