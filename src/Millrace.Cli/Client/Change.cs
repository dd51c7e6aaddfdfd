using System.Text.Json;
using Millrace.Api.Keys;

namespace Millrace.Cli.Client;

/// <summary>What a command would change, and what can be said of that before it is asked for.</summary>
/// <param name="Request">Without an idempotency key: that comes with the sending.</param>
/// <param name="Needs">The scope that the server will ask for.</param>
internal sealed record Change(ApiRequest Request, Scopes Needs)
{
    /// <summary>What is changed, or taken for granted: it must be there.</summary>
    public IReadOnlyList<ChangeSubject> Subjects { get; init; } = [];

    /// <summary>Says, by a subject as it is now, why the server would refuse; null when nothing speaks against it. The server decides: this only spares a way in vain.</summary>
    public Func<JsonElement, string?> Objection { get; init; } = static _ => null;

    /// <summary>The exit code that an objection foretells.</summary>
    public int ObjectionExit { get; init; } = Acting.Failed;
}

/// <param name="Path">Its address.</param>
/// <param name="Missing">What the server would say of a request that names it when it is not there; null where it is just not found.</param>
internal sealed record ChangeSubject(string Path, string? Missing = null);
