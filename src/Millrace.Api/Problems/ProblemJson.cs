using System.Text.Json;

namespace Millrace.Api.Problems;

/// <summary>The document of RFC 9457.</summary>
internal static class ProblemJson
{
    public static void Write(Utf8JsonWriter writer, Problem problem, string traceId)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, problem.Kind.Type);
        writer.WriteString("title"u8, problem.Kind.Title);
        writer.WriteNumber("status"u8, problem.Kind.Status);
        writer.WriteString("detail"u8, problem.Detail);
        writer.WriteString("code"u8, problem.Kind.Code);
        writer.WriteString("trace_id"u8, traceId);
        if (problem.ComputedTotalMinor is { } total)
            writer.WriteNumber("computed_total"u8, total);
        if (problem.Errors.Count > 0)
            WriteErrors(writer, problem.Errors);
        writer.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter writer, IReadOnlyList<FieldError> errors)
    {
        writer.WriteStartArray("errors"u8);
        foreach (var error in errors)
        {
            writer.WriteStartObject();
            writer.WriteString("pointer"u8, error.Pointer);
            writer.WriteString("code"u8, error.Code);
            writer.WriteString("detail"u8, error.Detail);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
