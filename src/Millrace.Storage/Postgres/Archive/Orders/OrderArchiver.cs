using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Backup;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>
/// Takes months of one database's orders into files, and out of the database. Nodes may serve meanwhile, and may change any of these orders: triggers note
/// what changes from before the first row is read, and what changed stays. It can be killed at any instruction and run again. See docs/adr/0019.
/// </summary>
internal sealed class OrderArchiver(PostgresStore store, NpgsqlDataSource source, string folder)
{
    /// <summary>Told each step, and how far a long one is. What it throws ends the work there.</summary>
    public Action<string> Tell { get; init; } = static _ => { };

    /// <exception cref="StoreRefusedException">Another archiver is at work in this database, or the folder is another archive's.</exception>
    public async Task<IReadOnlyList<ArchivedOrders>> RunAsync(OrderMonths plan, bool isDryRun, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await ArchiveTurn.TakeAsync(connection, store.Identity.Shard).ConfigureAwait(false);
            await RequireOwnAsync(connection).ConfigureAwait(false);
            if (!isDryRun)
                await Repeat("they", () => MonthRemoval.StopNotingAsync(connection), cancellation).ConfigureAwait(false);
            var done = new List<ArchivedOrders>();
            foreach (var (month, hasTable) in await plan.ReadAsync(connection).ConfigureAwait(false))
            {
                var rows = new MonthRows(connection, month);
                var (settled, open) = await rows.CountAsync().ConfigureAwait(false);
                if (open > MonthRemoval.MostStaying)
                    done.Add(new ArchivedOrders(store.Identity.Shard, month.First, 0, open, 0, $"more than {MonthRemoval.MostStaying} of its orders are not finished"));
                else if (isDryRun)
                    done.Add(new ArchivedOrders(store.Identity.Shard, month.First, settled, open, 0, null));
                else if (hasTable || await CameBackAsync(connection, rows, cancellation).ConfigureAwait(false) >= plan.Fewest)
                    done.Add(await ArchiveAsync(rows, new MonthRemoval(connection, month, hasTable), cancellation).ConfigureAwait(false));
            }

            return done;
        }
    }

    private async Task<ArchivedOrders> ArchiveAsync(MonthRows rows, MonthRemoval removal, CancellationToken cancellation)
    {
        var month = rows.Month;
        await Repeat(month.Name, removal.NoteChangesAsync, cancellation).ConfigureAwait(false);
        Tell($"noting {month.Name}");
        var path = await OrderFolder.WriteAsync(folder, new OrderManifest(
            OrderManifest.CurrentFormat, store.Identity.StoreId, store.Identity.Shard, month.First, 0, new BackupFile("", 0, "")), rows.ReadAsync(Tell, cancellation), cancellation).ConfigureAwait(false);
        Tell($"written {month.Name}");
        using var written = new OrderFolder(path, store.Identity.StoreId, Timeout.InfiniteTimeSpan);
        if (!await written.IsWholeAsync(cancellation).ConfigureAwait(false))
            throw new InvalidDataException($"{path} is not what was written: nothing of {month.Name} was removed.");
        var stay = await rows.CompareAsync(written).ConfigureAwait(false);
        Tell($"verified {month.Name}");
        await Repeat(month.Name, () =>
        {
            Tell($"removing {month.Name}");
            return removal.RemoveAsync(written);
        }, cancellation).ConfigureAwait(false);
        Tell($"removed {month.Name}");
        await removal.ClearAsync(written, cancellation).ConfigureAwait(false);
        if (written.Manifest.Orders == 0)
            Directory.Delete(path, recursive: true);
        Tell($"cleared {month.Name}");
        return new ArchivedOrders(store.Identity.Shard, month.First, written.Manifest.Orders, stay, written.Manifest.File.Bytes, null);
    }

    // How many rows came back since, once what a killed archiver left of its removal is removed.
    private async Task<long> CameBackAsync(NpgsqlConnection connection, MonthRows rows, CancellationToken cancellation)
    {
        foreach (var name in await rows.FoldersAsync().ConfigureAwait(false))
        {
            using var written = new OrderFolder(Path.Combine(folder, name), store.Identity.StoreId, Timeout.InfiniteTimeSpan);
            await new MonthRemoval(connection, rows.Month, hasTable: false).ClearAsync(written, cancellation).ConfigureAwait(false);
        }

        return (await rows.CountAsync().ConfigureAwait(false)).Settled;
    }

    // A file elsewhere would be found by nobody.
    private async Task RequireOwnAsync(NpgsqlConnection connection)
    {
        string? missing = null;
        await connection.QueryAsync("SELECT folder FROM order_archive ORDER BY folder", static _ => { }, reader =>
        {
            if (!Directory.Exists(Path.Combine(folder, reader.GetString(0))))
                missing ??= reader.GetString(0);
        }).ConfigureAwait(false);
        if (missing is not null)
            throw new StoreRefusedException($"'{folder}' is not the archive of '{store.Identity.Shard}': that one holds {missing}.");
    }

    private Task Repeat(string what, Func<Task> tryIt, CancellationToken cancellation) => ArchiveTurn.RepeatAsync(
        tryIt, $"The orders of '{store.Identity.Shard}' are being read all the time, by a backup perhaps: {what} could not be archived. Run it again.", cancellation);
}
