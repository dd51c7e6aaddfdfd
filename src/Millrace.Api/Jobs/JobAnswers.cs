using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Orders.Rendering;

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
        writer.WriteStartObject("started_by"u8);
        writer.WriteString("kind"u8, OrderNames.Of(job.ActorKind));
        writer.WriteString("name"u8, job.ActorName);
        writer.WriteEndObject();
        writer.WriteTime("created_at"u8, job.CreatedAtUnixMs);
        writer.WriteTime("updated_at"u8, Math.Max(job.EndedAtUnixMs ?? job.CreatedAtUnixMs, progress.UpdatedAtUnixMs));
        writer.WriteTime("ended_at"u8, job.EndedAtUnixMs);
        if (progress.Total is { } total)
            writer.WriteNumber("total"u8, total);
        else
            writer.WriteNull("total"u8);
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
        writer.WriteStartArray("data"u8);
        foreach (var job in jobs)
            Write(writer, job);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, IEnumerable<JobResult> results, string? cursor)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data"u8);
        foreach (var result in results)
        {
            writer.WriteStartObject();
            writer.WriteString("order"u8, result.Order);
            writer.WriteString("outcome"u8, result.Outcome);
            writer.WriteString("code"u8, result.Code);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("has_more"u8, cursor is not null);
        writer.WriteString("next_cursor"u8, cursor);
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
