using System.Text.Json;
using Millrace.Api.Keys;

namespace Millrace.Cli.Client;

/// <summary>What a command would change, and what can be said of that before it is asked for.</summary>
/// <param name="Request">Without an idempotency key: that comes with the sending.</param>
/// <param name="Needs">The scope that the server will ask for.</param>
internal sealed record Change(ApiRequest Request, Scopes Needs)
{
    /// <summary>Address of what is changed, which must be there; null when nothing must.</summary>
    public string? Subject { get; init; }

    /// <summary>Says, by what is changed as it is now, why the server would refuse; null when nothing speaks against it. The server decides: this only spares a way in vain.</summary>
    public Func<JsonElement, string?> Objection { get; init; } = static _ => null;

    /// <summary>The exit code that an objection foretells.</summary>
    public int ObjectionExit { get; init; } = Acting.Failed;

    /// <summary>What the server says when the subject is not there, where that is a mistake in the request; null where it is just not found.</summary>
    public string? Missing { get; init; }
}
