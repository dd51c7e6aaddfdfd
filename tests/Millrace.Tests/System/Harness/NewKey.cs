using Millrace.Api.Keys;
using Millrace.Cli.Keys;

namespace Millrace.Tests.EndToEnd;

/// <summary>Keys as the command line makes them, beside a server or before its first start.</summary>
internal static class NewKey
{
    /// <returns>The key's text.</returns>
    public static string Of(ServerSettings settings, string tenant, Scopes scopes) => Make(settings.DataDirectory, null, tenant, scopes);

    public static string OfDatabase(string connectionString, string tenant, Scopes scopes, int? partitions = null) =>
        Make(null, connectionString, tenant, scopes, partitions);

    private static string Make(string? data, string? postgres, string tenant, Scopes scopes, int? partitions = null) =>
        Task.Run(() => KeyAdministration.MakeAsync(data, postgres, tenant, Guid.NewGuid().ToString("N"), scopes, CancellationToken.None, partitions)).GetAwaiter().GetResult();
}
