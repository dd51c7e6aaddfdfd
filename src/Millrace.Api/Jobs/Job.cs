using System.Text.Json.Serialization;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Jobs;

/// <summary>Something that is done with every order that matches a query, as it is stored. Names of fields and their words are stored: never change one.</summary>
internal sealed record Job
{
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    /// <summary>One of <see cref="JobRules.Actions"/>.</summary>
    public required string Action { get; init; }

    public required JobQuery Query { get; init; }

    public string? Reason { get; init; }

    /// <summary>Most orders a second.</summary>
    public required int Rate { get; init; }

    /// <summary>Most orders at all.</summary>
    public required int Limit { get; init; }

    public required ActorKind ActorKind { get; init; }

    public string? ActorName { get; init; }

    /// <summary>Of the body that it was asked for with.</summary>
    public required string Payload { get; init; }

    public required long CreatedAtUnixMs { get; init; }

    public required string Status { get; init; }

    public long? EndedAtUnixMs { get; init; }

    /// <summary>Hashes of the idempotency keys by which it was paused, resumed or canceled last.</summary>
    public string[] Controls { get; init; } = [];

    public JobProgress Progress { get; init; } = new();

    [JsonIgnore]
    public TenantId Owner => TenantId.Parse(Tenant);

    [JsonIgnore]
    public Actor Actor => new(ActorKind, ActorName);

    [JsonIgnore]
    public bool IsOpen => Status is JobStatus.Running or JobStatus.Paused;
}

/// <summary>How far a job is. Only its runner changes it.</summary>
internal sealed record JobProgress
{
    /// <summary>One more with each change: whoever finds another than he left is not its runner any more.</summary>
    public long Step { get; init; }

    public long UpdatedAtUnixMs { get; init; }

    /// <summary>How many matched when it began, up to the job's limit; null while that is not counted, or too much to count.</summary>
    public int? Total { get; init; }

    public bool IsCounted { get; init; }

    /// <summary>Where the next page of the query begins; null at the newest.</summary>
    public string? Cursor { get; init; }

    /// <summary>There is no next page.</summary>
    public bool IsAtEnd { get; init; }

    /// <summary>Orders that are begun with and whose results are not kept yet: noted before the first of them is touched, so that after a crash the same
    /// are done again, which changes nothing more, and none is missed in the results.</summary>
    public JobOrder[] Batch { get; init; } = [];

    public int Changed { get; init; }

    public int Unchanged { get; init; }

    public int Refused { get; init; }

    public int Skipped { get; init; }

    /// <summary>Orders whose results are kept.</summary>
    [JsonIgnore]
    public int Processed => Changed + Unchanged + Refused + Skipped;
}

/// <param name="Id">The order's.</param>
/// <param name="Version">As the query saw it.</param>
/// <param name="Holds">Those that it had then; null where they do not matter.</param>
internal sealed record JobOrder(string Id, int Version, string[]? Holds = null);

/// <summary>The words for where a job stands.</summary>
internal static class JobStatus
{
    public const string Running = "running";
    public const string Paused = "paused";
    public const string Canceled = "canceled";
    public const string Failed = "failed";
    public const string Done = "done";
}

// What this version does not know it must not leave out: a filter that is dropped is another query.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(TakenSlot[]))]
internal sealed partial class JobJson : JsonSerializerContext;
