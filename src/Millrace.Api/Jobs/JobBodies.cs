using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Orders.Rendering;

namespace Millrace.Api.Jobs;

/// <summary>What <c>POST /v1/jobs</c> is asked for.</summary>
internal sealed record NewJob(string Action, JobQuery Query, string? Reason, int Rate, int Limit);

/// <summary>Reads its body.</summary>
internal static class JobBodies
{
    private const int MaxReason = 500;
    private const int MaxFilter = 64;
    private static readonly FieldSet Fields = new("action", "query", "reason", "rate", "limit");
    private static readonly FieldSet Filters = new("status", "customer", "external_id", "sku", "created_after", "attention", "attention_code");

    /// <summary>Whatever is wrong is noted in the reader; what is returned is then not to be used.</summary>
    public static NewJob Read(ref StrictJson json)
    {
        var job = new NewJob("", new JobQuery(null, null, null, null, null, null), null, JobRules.DefaultRate, JobRules.DefaultLimit);
        var seen = 0ul;
        if (!json.Object())
            return job;
        while (json.Field(Fields, ref seen) is { } field)
        {
            job = field switch
            {
                "action" => job with { Action = Word(ref json, static word => JobRules.Actions.Contains(word), string.Join(", ", JobRules.Actions)) ?? "" },
                "query" => job with { Query = ReadQuery(ref json) },
                "reason" => job with { Reason = json.Text(MaxReason, TextRule.Free) },
                "rate" => job with { Rate = (int)json.Whole(1, JobRules.MaxRate) },
                _ => job with { Limit = (int)json.Whole(1, JobRules.MaxLimit) },
            };
        }

        json.Require(seen, Fields, 2);
        return job;
    }

    private static JobQuery ReadQuery(ref StrictJson json)
    {
        var query = new JobQuery(null, null, null, null, null, null);
        var seen = 0ul;
        if (!json.Object())
            return query;
        while (json.Field(Filters, ref seen) is { } field)
        {
            query = field switch
            {
                "status" => query with { Status = Word(ref json, static word => OrderNames.TryStatus(word, out _), "pending, confirmed, completed, rejected, expired or canceled") },
                "customer" => query with { Customer = json.Text(MaxFilter, TextRule.Id) },
                "external_id" => query with { ExternalId = json.Text(MaxFilter, TextRule.Id) },
                "sku" => query with { Sku = json.Text(MaxFilter, TextRule.Id) },
                "created_after" => query with { CreatedAfter = Time(ref json) },
                "attention" => query with { Attention = json.Boolean() },
                _ => query with { AttentionCode = json.Text(MaxFilter, TextRule.Code) },
            };
        }

        // Whoever means all orders says so, with a created_after of long ago.
        if (!query.Filters.Any() && !json.HasErrors)
            json.Fault("too_short", "At least one filter is needed.");
        return query;
    }

    private static string? Word(ref StrictJson json, Func<string, bool> isOne, string words)
    {
        if (json.Text(32, TextRule.Code) is not { } text)
            return null;
        if (isOne(text))
            return text;
        json.Fault("invalid_format", $"It is one of {words}.");
        return null;
    }

    private static string? Time(ref StrictJson json)
    {
        if (json.Text(35, TextRule.Id) is not { } text)
            return null;
        if (Rfc3339.TryParse(text, out var unixMs))
            return JsonTime.Text(unixMs);
        json.Fault("invalid_format", "A time of RFC 3339 is expected, such as 2026-01-31T12:00:00Z.");
        return null;
    }
}
