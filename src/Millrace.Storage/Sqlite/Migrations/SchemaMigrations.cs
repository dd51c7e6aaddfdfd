using DbUp;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Migrations;

/// <summary>Brings a file's schema up to date with the numbered scripts of its folder beside this file. Scripts are only ever added: see <see cref="SchemaScripts"/>.</summary>
internal static class SchemaMigrations
{
    /// <param name="mayUpgrade">False refuses what is not up to date.</param>
    public static void Apply(SqliteSession writer, string path, string folder, bool mayUpgrade = true)
    {
        using var shared = new DbUp.Sqlite.Helpers.SharedConnection(writer.Connection);
        var upgrade = DeployChanges.To.SqliteDatabase(shared)
            .WithScriptsEmbeddedInAssembly(typeof(SchemaMigrations).Assembly, name => name.StartsWith(folder + "/", StringComparison.Ordinal))
            .WithTransaction()
            .LogToNowhere()
            .Build();

        var executed = upgrade.GetExecutedScripts();
        if (SchemaScripts.FindNewer(executed, upgrade.GetDiscoveredScripts().Select(script => script.Name)) is { } newer)
            throw new StoreRefusedException($"{path} was written by a newer Millrace (schema {newer}).");

        // A file without any, as of a read model that was lost, is no earlier version's.
        if (!mayUpgrade && executed.Count > 0 && upgrade.IsUpgradeRequired())
            throw new StoreRefusedException($"{path} was written by an earlier Millrace: 'serve' brings it up to date, and it is looked at without by the version that wrote it.");

        var result = upgrade.PerformUpgrade();
        if (!result.Successful)
            throw new StoreUnavailableException($"The schema of {path} could not be brought up to date: {result.Error.Message}", result.Error);
    }
}
