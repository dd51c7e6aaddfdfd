namespace Millrace.Storage;

/// <summary>
/// The numbered scripts that bring a schema up to date. One named <c>….additive.sql</c> adds what versions before it neither read nor need to fill: during a
/// rolling upgrade nodes of the version before start over it, and an operator may go back. After any other they are refused.
/// </summary>
internal static class SchemaScripts
{
    private const string Additive = ".additive.sql";

    /// <summary>The first script that has run here, and that this version neither knows nor may overlook; null for none.</summary>
    public static string? FindNewer(IEnumerable<string> executed, IEnumerable<string> discovered)
    {
        var known = discovered.ToHashSet(StringComparer.Ordinal);
        return executed.FirstOrDefault(name => !known.Contains(name) && !name.EndsWith(Additive, StringComparison.Ordinal));
    }
}
