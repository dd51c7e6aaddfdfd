using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;

namespace Millrace.Api.Jobs;

/// <summary>Jobs as the API shows them.</summary>
internal static class JobAnswers
{
    public static void Write(Utf8JsonWriter writer, Job job)
    {
        var progress = job.Progress;
        writer.WriteStartObject();
        writer.WriteString("id"u8, job.Id);
        writer.WriteString("status"u8, job.Status);
        writer.WriteString("action"u8, job.Action);
        Write(writer, job.Query);
        writer.WriteString("reason"u8, job.Reason);
        writer.WriteNumber("rate"u8, job.Rate);
        writer.WriteNumber("limit"u8, job.Limit);
        writer.WriteActor("started_by"u8, job.Actor);
        writer.WriteTime("created_at"u8, job.CreatedAtUnixMs);
        writer.WriteTime("updated_at"u8, Math.Max(job.EndedAtUnixMs ?? job.CreatedAtUnixMs, progress.UpdatedAtUnixMs));
        writer.WriteTime("ended_at"u8, job.EndedAtUnixMs);
        writer.WriteNumberOrNull("total"u8, progress.Total);
        writer.WriteNumber("processed"u8, progress.Processed);
        writer.WriteNumber("changed"u8, progress.Changed);
        writer.WriteNumber("unchanged"u8, progress.Unchanged);
        writer.WriteNumber("refused"u8, progress.Refused);
        writer.WriteNumber("skipped"u8, progress.Skipped);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, IEnumerable<Job> jobs)
    {
        writer.WriteStartObject();
        writer.WriteData(jobs, Write);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, IEnumerable<JobResult> results, string? cursor)
    {
        writer.WriteStartObject();
        writer.WriteData(results, static (w, result) =>
        {
            w.WriteStartObject();
            w.WriteString("order"u8, result.Order);
            w.WriteString("outcome"u8, result.Outcome);
            w.WriteString("code"u8, result.Code);
            w.WriteEndObject();
        });
        writer.WriteNext(cursor);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JobQuery query)
    {
        writer.WriteStartObject("query"u8);
        foreach (var (name, value) in query.Filters.Where(filter => filter.Name != "attention"))
            writer.WriteString(name, value);
        if (query.Attention is { } attention)
            writer.WriteBoolean("attention"u8, attention);
        writer.WriteEndObject();
    }
}
