using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;
using Xunit;

namespace Millrace.Tests.Storage;

public sealed class SqliteStoreFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_stops_writing_and_room_lets_it_go_on_with_nothing_lost()
    {
        var acknowledged = new List<PartitionBatch>();
        await using (var store = Open(_folder["data"]))
        {
            var log = await PartitionLog.ClaimAsync(store, 0);
            store.LimitPages(store.CountPages() + 50);
            PartitionBatch refused;
            do
            {
                refused = log.Next(bytes: 60_000);
            }
            while (await TryAppendAsync(store, refused, acknowledged));

            Assert.NotEmpty(acknowledged);
            Assert.False(await TryAppendAsync(store, refused, acknowledged));
            JournalAssertions.Same(acknowledged, await store.ReadAllOfAsync(0));

            store.LimitPages(1_000_000);
            Assert.True(await TryAppendAsync(store, refused, acknowledged));
        }

        await using var again = Open(_folder["data"]);
        JournalAssertions.Same(acknowledged, await again.ReadAllOfAsync(0));
    }

    [Fact]
    public async Task Whatever_was_acknowledged_is_in_the_files_at_any_moment()
    {
        var acknowledged = new List<PartitionBatch>();
        await using var store = Open(_folder["data"]);
        var log = await PartitionLog.ClaimAsync(store, 0);
        for (var death = 0; death < 5; death++)
        {
            for (var i = 0; i < 37; i++)
                Assert.True(await TryAppendAsync(store, log.Next(bytes: 3_000), acknowledged));
            var copy = Copy(death);
            await using var survivor = Open(copy);
            JournalAssertions.Same(acknowledged, await survivor.ReadAllOfAsync(0));
        }
    }

    [Fact]
    public async Task Appends_checkpoints_and_reads_run_side_by_side()
    {
        await using var store = Open(_folder["data"]);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(partition => Task.Run(async () =>
        {
            var log = await PartitionLog.ClaimAsync(store, partition);
            for (var i = 1; i <= 100; i++)
            {
                Assert.Equal(AppendOutcome.Appended, Assert.Single(await store.AppendAsync([log.Next()])));
                if (i % 10 == 0)
                    Assert.True(await store.CheckpointAsync(new(partition, log.Epoch, log.Seq, default, [], [], [])));
                Assert.Equal(i, (await store.ReadAllOfAsync(partition)).Count);
            }
        })));
        Assert.Equal(400, store.Batches);
    }

    [Fact]
    public async Task An_append_does_not_wait_for_whoever_writes_the_read_model()
    {
        await using var store = Open(_folder["data"]);
        var log = await PartitionLog.ClaimAsync(store, 0);
        using var connection = new SqliteConnection($"Data Source={_folder["data/millrace.readmodel.db"]};Pooling=False");
        connection.Open();
        using var writing = connection.BeginTransaction(deferred: false);
        Assert.Equal(AppendOutcome.Appended, Assert.Single(await store.AppendAsync([log.Next()])));
    }

    [Fact]
    public async Task A_lost_read_model_is_made_again_from_the_journal()
    {
        PartitionBatch[] batches;
        await using (var store = Open(_folder["data"]))
        {
            var log = await PartitionLog.ClaimAsync(store, 0);
            batches = [log.Next(records: 2), log.Next()];
            await store.AppendAsync(batches);
            Assert.True(await store.CheckpointAsync(new(0, log.Epoch, log.Seq, default, [], [], [])));
        }

        foreach (var file in Directory.EnumerateFiles(_folder["data"], "millrace.readmodel.db*"))
            File.Delete(file);
        await using var again = Open(_folder["data"]);
        Assert.Equal(0, (await again.LoadPartitionAsync(0, CancellationToken.None)).Seq);
        JournalAssertions.Same(batches, await again.ReadAllOfAsync(0));
        Assert.Equal(batches[1].LastSeq, (await PartitionLog.ClaimAsync(again, 0)).Seq);
    }

    private static SqliteStore Open(string folder) =>
        SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder, PartitionCount = 4 });

    private static async Task<bool> TryAppendAsync(SqliteStore store, PartitionBatch batch, List<PartitionBatch> acknowledged)
    {
        try
        {
            Assert.Equal(AppendOutcome.Appended, Assert.Single(await store.AppendAsync([batch])));
            acknowledged.Add(batch);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    /// <summary>The files as a killed process leaves them. The shared-memory index is rebuilt, so it is not taken.</summary>
    private string Copy(int number)
    {
        var copy = Directory.CreateDirectory(_folder[$"copy-{number}"]).FullName;
        foreach (var name in new[] { "millrace.journal.db", "millrace.journal.db-wal" })
            File.Copy(Path.Combine(_folder["data"], name), Path.Combine(copy, name));
        return copy;
    }
}
