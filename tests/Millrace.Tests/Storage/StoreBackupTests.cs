using Microsoft.Extensions.Time.Testing;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Backup;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Storage;

public sealed class StoreBackupTests : IDisposable
{
    private static readonly Action<string> NothingMore = _ => { };
    private const int Partitions = 4;
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Noon);

    public StoreBackupTests() => Directory.CreateDirectory(_folder["backups"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_backup_that_is_made_during_appends_and_checkpoints_opens_as_a_store_with_all_that_was_acknowledged_before_it()
    {
        var told = new List<PartitionBatch>[Partitions];
        var acknowledged = new long[Partitions];
        await using var store = Open("data");
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, Partitions).Select(partition => Task.Run(async () =>
        {
            told[partition] = [];
            var log = await PartitionLog.ClaimAsync(store, partition);
            for (var i = 1; !stop.IsCancellationRequested; i++)
            {
                var batch = log.Next(bytes: 3_000);
                Assert.Equal(AppendOutcome.Appended, Assert.Single(await store.AppendAsync([batch])));
                told[partition].Add(batch);
                Volatile.Write(ref acknowledged[partition], batch.LastSeq);
                // A megabyte for the read model, so that its copy takes several steps, with checkpoints in between.
                if (i % 5 == 0)
                    Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(partition, log.Epoch, log.Seq, new byte[1 << 20], [], [], [])));
            }
        })).ToList();
        await Eventually.Async(() => Task.FromResult(acknowledged.All(seq => seq > 10)), "everybody writes");
        for (var round = 1; round <= 3; round++)
        {
            var before = acknowledged.ToArray();
            var made = await new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None);
            await RestoreAsync(made.Name, $"restored-{round}");
            await using var restored = Open($"restored-{round}");
            for (var partition = 0; partition < Partitions; partition++)
            {
                Assert.InRange(made.Seqs[partition], before[partition], long.MaxValue);
                var snapshot = await restored.LoadPartitionAsync(partition, CancellationToken.None);
                Assert.InRange(snapshot.Seq, 1, made.Seqs[partition]);
                Assert.Equal(made.Seqs[partition], (await restored.ClaimAsync(partition, "test", CancellationToken.None)).Seq);
                JournalAssertions.Same(told[partition].Take((int)made.Seqs[partition]), await restored.ReadAllOfAsync(partition));
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        // The store itself is none the worse for it.
        for (var partition = 0; partition < Partitions; partition++)
            JournalAssertions.Same(told[partition], await store.ReadAllOfAsync(partition));
    }

    [Fact]
    public async Task Names_never_collide_and_the_half_that_a_killed_process_left_is_removed()
    {
        Directory.CreateDirectory(_folder["backups/20260101T000000Z-7.partial"]);
        Directory.CreateDirectory(_folder["backups/20260101T000000Z-9"]);
        Directory.CreateDirectory(_folder["backups/other.partial"]);
        await using var store = await FilledAsync();
        var names = new List<string>();
        for (var i = 0; i < 2; i++)
            names.Add((await new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None)).Name);
        Assert.Equal(["20260701T120000Z-10", "20260701T120000Z-11"], names);
        Assert.Equal(["20260101T000000Z-9", .. names, "other.partial"], Folders());
    }

    [Fact]
    public async Task A_disk_that_fills_up_during_the_copy_leaves_no_half_and_room_lets_the_next_backup_be_made()
    {
        using var disk = new TmpfsMount(8);
        await using var store = await FilledAsync();
        var ballast = Path.Combine(disk.Path, "ballast");
        // The clock is asked once the room was found to suffice, and before the first byte is copied.
        var clock = new Clock(() => File.WriteAllBytes(ballast, new byte[(7 << 20) + (900 << 10)]));
        var failure = await Assert.ThrowsAsync<BackupFailedException>(() => new StoreBackup(store, disk.Path, NothingMore, clock).RunAsync(CancellationToken.None));
        Assert.Contains("full", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(disk.Path));
        var refused = await Assert.ThrowsAsync<BackupFailedException>(() => new StoreBackup(store, disk.Path, NothingMore, _time).RunAsync(CancellationToken.None));
        Assert.Contains("MB left", refused.Message, StringComparison.Ordinal);
        File.Delete(ballast);
        await new StoreBackup(store, disk.Path, NothingMore, _time).RunAsync(CancellationToken.None);
        Assert.Single(Directory.EnumerateDirectories(disk.Path));
    }

    [Fact]
    public async Task A_backup_that_is_stopped_leaves_no_half()
    {
        await using var store = await FilledAsync();
        using var stop = new CancellationTokenSource();
        var backup = new StoreBackup(store, _folder["backups"], NothingMore, new Clock(stop.Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backup.RunAsync(stop.Token));
        Assert.Empty(Folders());
    }

    [Fact]
    public async Task A_damaged_journal_is_not_backed_up_in_silence()
    {
        await (await FilledAsync()).DisposeAsync();
        SqliteFile.Change(_folder["data/millrace.journal.db"], 2, row =>
        {
            row[^1] ^= 1;
            return row;
        });
        await using var store = Open("data");
        var failure = await Assert.ThrowsAsync<BackupFailedException>(() => new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None));
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Folders());
    }

    [Fact]
    public async Task One_backup_at_a_time_goes_into_a_folder_that_exists_and_is_not_in_the_data_folder()
    {
        await using var store = await FilledAsync();
        await RefusedAsync(_folder["missing"], "no folder");
        await RefusedAsync(_folder["data"], "inside of the data folder");
        await RefusedAsync(_folder["data/backups"], "inside of the data folder");
        using var other = BackupFolder.Acquire(_folder["backups"]);
        await RefusedAsync(_folder["backups"], "Another backup");
        Assert.Empty(Folders());

        async Task RefusedAsync(string folder, string words) => Assert.Contains(words, (await Assert.ThrowsAsync<BackupFailedException>(
            () => new StoreBackup(store, folder, NothingMore, _time).RunAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_changed_missing_or_cut_in_a_backup_is_refused_and_leaves_nothing()
    {
        string name;
        await using (var store = await FilledAsync())
            name = (await new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None)).Name;
        foreach (var file in Directory.GetFiles(_folder["backups/" + name]))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            await RefusedAsync(() => File.Delete(file));
            await RefusedAsync(() => File.WriteAllBytes(file, bytes[..^1]));
            int[] places = Path.GetFileName(file) == BackupManifest.FileName ? [0] : [0, 30, bytes.Length / 2, bytes.Length - 1];
            foreach (var place in places)
                await RefusedAsync(() => File.WriteAllBytes(file, Flipped(bytes, place)));

            async Task RefusedAsync(Action damage)
            {
                damage();
                await Assert.ThrowsAsync<BackupFailedException>(() => RestoreAsync(name, "restored"));
                Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path, "restored*"));
                File.WriteAllBytes(file, bytes);
            }
        }

        await RestoreAsync(name, "restored");
    }

    [Fact]
    public async Task A_target_that_is_occupied_or_under_way_is_refused()
    {
        string name;
        await using (var store = await FilledAsync())
            name = (await new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None)).Name;
        await Assert.ThrowsAsync<BackupFailedException>(() => RestoreAsync(name, "data"));
        await Assert.ThrowsAsync<BackupFailedException>(() => RestoreAsync(name, "nowhere/restored"));
        using (StoreRestore.Begin(_folder["backups/" + name], _folder["restored"]))
            await Assert.ThrowsAsync<BackupFailedException>(() => RestoreAsync(name, "restored"));
        Directory.CreateDirectory(_folder["restored"]);
        await RestoreAsync(name, "restored");
    }

    [Fact]
    public async Task What_is_restored_has_epochs_and_an_id_that_the_store_which_went_on_never_had()
    {
        string name;
        long live;
        await using (var store = await FilledAsync())
        {
            name = (await new StoreBackup(store, _folder["backups"], NothingMore, _time).RunAsync(CancellationToken.None)).Name;
            live = (await store.ClaimAsync(0, "live", CancellationToken.None)).Epoch;
        }

        await RestoreAsync(name, "restored");
        await using (var restored = Open("restored"))
        {
            var claim = await restored.ClaimAsync(0, "restored", CancellationToken.None);
            Assert.InRange(claim.Epoch, live + 1_000_000, long.MaxValue);
            Assert.False(Assert.Single(await restored.ConfirmAsync([(0, live)], CancellationToken.None)));
        }

        File.Copy(_folder["data/millrace.readmodel.db"], _folder["restored/millrace.readmodel.db"], overwrite: true);
        Assert.Contains("another store", Assert.Throws<StoreRefusedException>(() => Open("restored")).Message, StringComparison.Ordinal);
        Assert.Contains("is a backup", Assert.Throws<StoreRefusedException>(() => Open("backups/" + name)).Message, StringComparison.Ordinal);
    }

    private SqliteStore Open(string folder) => SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder[folder] });

    private string[] Folders() => [.. Directory.EnumerateDirectories(_folder["backups"]).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    private async Task<SqliteStore> FilledAsync()
    {
        var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder["data"], PartitionCount = Partitions });
        var log = await PartitionLog.ClaimAsync(store, 0);
        for (var i = 0; i < 20; i++)
            await store.AppendAsync([log.Next(bytes: 20_000)]);
        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(0, log.Epoch, log.Seq, new byte[100_000], [], [], [])));
        await store.AppendAsync([log.Next()]);
        return store;
    }

    private async Task RestoreAsync(string name, string target)
    {
        using var restore = StoreRestore.Begin(_folder["backups/" + name], _folder[target]);
        await restore.CopyAsync(Noon.ToUnixTimeMilliseconds(), CancellationToken.None);
        restore.Finish();
    }

    private static byte[] Flipped(byte[] bytes, int at)
    {
        var flipped = bytes.ToArray();
        flipped[at] ^= 1;
        return flipped;
    }

    /// <summary>Does something once, when it is first asked.</summary>
    private sealed class Clock(Action first) : TimeProvider
    {
        private Action? _first = first;

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _first, null)?.Invoke();
            return Noon;
        }
    }
}
