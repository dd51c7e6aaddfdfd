using Millrace.Api.Backups;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Cli.Serve;

/// <summary>Joins the edge's port for backups to the store that is served.</summary>
internal static class Backups
{
    /// <exception cref="BackupFailedException">The folder cannot take backups.</exception>
    public static Func<IServiceProvider, BackupStarter> Starter(string dataDirectory, string folder)
    {
        StoreBackup.RequireOutside(dataDirectory, folder);
        if (!Directory.Exists(folder))
            throw new BackupFailedException($"There is no folder '{folder}' for backups.");
        return services => cancellation =>
        {
            var backup = Of(
                services.GetRequiredService<SqliteStore>(), services.GetRequiredService<SqliteAdministration>(), folder, services.GetRequiredService<TimeProvider>());
            return new RunningBackup(() => (backup.DoneBytes, backup.TotalBytes), Task.Run(async () =>
            {
                var made = await backup.RunAsync(cancellation);
                return new FinishedBackup(made.Name, made.TakenAt, made.Bytes, made.Seqs.Count, made.Records);
            }, CancellationToken.None));
        };
    }

    /// <summary>With the audit log, from which the API keys follow: without it no merchant could use what is restored.</summary>
    public static StoreBackup Of(SqliteStore store, SqliteAdministration administration, string folder, TimeProvider time) =>
        new(store, folder, administration.CopyTo, time);
}
