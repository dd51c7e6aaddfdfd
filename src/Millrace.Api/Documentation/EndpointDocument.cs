using Millrace.Api.Keys;
using Millrace.Api.Problems;

namespace Millrace.Api.Documentation;

/// <summary>What the OpenAPI document says of an endpoint. Its scope and the names of its query parameters are enforced (<see cref="Routes"/>); the rest is only said, and tests hold every answer to it.</summary>
/// <param name="Name">Operation id.</param>
/// <param name="Summary">One line.</param>
internal sealed record EndpointDocument(string Name, string Summary)
{
    public string Tag { get; init; } = "orders";

    /// <summary>More than fits in a line; null for nothing.</summary>
    public string? Details { get; init; }

    public Type? Body { get; init; }

    public bool IsBodyOptional { get; init; }

    /// <summary>The body may also be NDJSON.</summary>
    public bool TakesLines { get; init; }

    /// <summary>The shape of a success; null for none.</summary>
    public Type? Answer { get; init; }

    /// <summary>A success may also be a page for people.</summary>
    public bool IsAlsoPage { get; init; }

    /// <summary>The shape of each of the events that a success consists of; null where it is no stream.</summary>
    public Type? StreamOf { get; init; }

    public int[] Statuses { get; init; } = [StatusCodes.Status200OK];

    /// <summary>Name and description of query parameters.</summary>
    public (string Name, string Description)[] Query { get; init; } = [];

    /// <summary>Name, description and whether it is required, of headers.</summary>
    public (string Name, string Description, bool IsRequired)[] Headers { get; init; } = [];

    /// <summary>Headers of a success, beyond those of every answer; each is in <see cref="AnswerHeaders"/>.</summary>
    public string[] AnswerHeaders { get; init; } = [];

    /// <summary>How it may refuse, beyond what follows from the rest: see <see cref="EndpointProblems"/>.</summary>
    public ProblemKind[] Problems { get; init; } = [];

    /// <summary>None for whoever is known.</summary>
    public Scopes Scope { get; init; }

    /// <summary>For everybody, without a key.</summary>
    public bool IsOpen { get; init; }

    public bool Takes(string header) => Array.Exists(Headers, h => h.Name == header);
}
