using Millrace.Client;
using Millrace.Client.ApiKeys;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>Who looks at a page, and the API as he sees it: the console can do nothing that his key cannot.</summary>
public sealed record Session(MillraceClient Api, Caller Caller, string FormToken, bool IsDemo)
{
    /// <param name="scope">As in the API's documents.</param>
    public bool May(string scope) => Caller.Scopes.Contains(scope) || (Caller.Scopes.Contains("admin") && scope != "system:operate");

    /// <summary>Why a button is off; null when it is not.</summary>
    public string? Lacks(string scope) => May(scope) ? null : $"Your key lacks the scope {scope}.";
}
