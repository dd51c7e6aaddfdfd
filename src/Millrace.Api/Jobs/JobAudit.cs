using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;

namespace Millrace.Api.Jobs;

/// <summary>What the audit log says of jobs. Which filters a query had, not their values: a customer's number is nobody's business there.</summary>
internal static class JobAudit
{
    public static AuditDraft Started(Job job, Actor actor) => new(actor, job.Tenant, "job.started", job.Id, JsonSerializer.Serialize(
        new JobAuditDetail(job.Action, string.Join(' ', job.Query.Filters.Select(filter => filter.Name)), job.Rate, job.Limit), JobAuditJson.Default.JobAuditDetail));

    /// <param name="job">As it was before.</param>
    /// <param name="verb">pause, resume or cancel.</param>
    /// <param name="actor">Who said so.</param>
    public static AuditDraft Changed(Job job, string verb, Actor actor) => new(actor, job.Tenant, verb switch
    {
        "pause" => "job.paused",
        "resume" => "job.resumed",
        _ => "job.canceled",
    }, job.Id);
}

internal sealed record JobAuditDetail(string Action, string Filters, int Rate, int Limit);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JobAuditDetail))]
internal sealed partial class JobAuditJson : JsonSerializerContext;
