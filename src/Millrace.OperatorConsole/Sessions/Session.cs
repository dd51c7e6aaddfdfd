using Millrace.Client;
using Millrace.Client.ApiKeys;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>Who looks at a page, and the API as he sees it: the console can do nothing that his key cannot.</summary>
public sealed record Session(MillraceClient Api, Caller Caller, string FormToken, bool IsDemo)
{
    // A key that may also operate the installation is told all its scopes by their own names, and not as admin.
    private static readonly string[] Admin = ["orders:read", "orders:write", "orders:override_price", "orders:refund", "stock:read", "stock:write", "ops:write", "events:read", "webhooks:write"];

    /// <summary>Everything of his tenant: keys and the audit log too.</summary>
    public bool IsAdmin => Caller.Scopes.Contains("admin") || Admin.All(Caller.Scopes.Contains);

    /// <param name="scope">As in the API's documents.</param>
    public bool May(string scope) => Caller.Scopes.Contains(scope) || (IsAdmin && scope != "system:operate");

    /// <summary>Why a button is off; null when it is not.</summary>
    public string? Lacks(string scope) => May(scope) ? null : $"Your key lacks the scope {scope}.";
}
