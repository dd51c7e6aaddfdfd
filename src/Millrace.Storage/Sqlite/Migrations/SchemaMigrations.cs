using DbUp;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Migrations;

/// <summary>Brings a file's schema up to date with the numbered scripts of its folder beside this file. Scripts are only ever added: see <see cref="SchemaScripts"/>.</summary>
internal static class SchemaMigrations
{
    public static void Apply(SqliteSession writer, string path, string folder)
    {
        using var shared = new DbUp.Sqlite.Helpers.SharedConnection(writer.Connection);
        var upgrade = DeployChanges.To.SqliteDatabase(shared)
            .WithScriptsEmbeddedInAssembly(typeof(SchemaMigrations).Assembly, name => name.StartsWith(folder + "/", StringComparison.Ordinal))
            .WithTransaction()
            .LogToNowhere()
            .Build();

        if (SchemaScripts.FindNewer(upgrade.GetExecutedScripts(), upgrade.GetDiscoveredScripts().Select(script => script.Name)) is { } newer)
            throw new StoreRefusedException($"{path} was written by a newer Millrace (schema {newer}).");

        var result = upgrade.PerformUpgrade();
        if (!result.Successful)
            throw new StoreUnavailableException($"The schema of {path} could not be brought up to date: {result.Error.Message}", result.Error);
    }
}
