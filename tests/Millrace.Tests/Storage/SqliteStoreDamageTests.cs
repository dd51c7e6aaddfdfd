using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite;
using Millrace.Storage.Sqlite.Journal;
using Xunit;

namespace Millrace.Tests.Storage;

/// <summary>
/// Five partitions over four commits; the second one is damaged:
/// 0 is in rows 1, 2 and 4; 1 in rows 1 and 2; 2 in rows 1 and 4; 3 in row 1, checkpointed at the end; 4 in no row.
/// </summary>
public sealed class SqliteStoreDamageTests : IDisposable
{
    private const int PayloadLength = 40;
    private const int FrameLength = JournalFrames.HeaderLength + PayloadLength;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_flipped_byte_in_a_payload_halts_its_partition_alone()
    {
        await WriteAsync();
        Change(row => Flip(row, FrameLength + JournalFrames.HeaderLength + 7));
        await ExpectAsync(sound: [0, 2, 3, 4], damaged: [1]);
    }

    [Fact]
    public async Task A_flipped_byte_in_a_header_halts_all_that_cannot_be_proven()
    {
        await WriteAsync();
        Change(row => Flip(row, 20));
        await ExpectAsync(sound: [2, 3], damaged: [0, 1, 4]);
    }

    [Fact]
    public async Task A_row_cut_inside_its_last_payload_halts_that_partition_alone()
    {
        await WriteAsync();
        Change(row => row[..^5]);
        await ExpectAsync(sound: [0, 2, 3, 4], damaged: [1]);
    }

    [Fact]
    public async Task A_row_cut_between_frames_halts_all_that_cannot_be_proven()
    {
        await WriteAsync();
        Change(row => row[..FrameLength]);
        await ExpectAsync(sound: [0, 2, 3], damaged: [1, 4]);
    }

    [Fact]
    public async Task A_deleted_row_halts_all_that_cannot_be_proven()
    {
        await WriteAsync();
        SqliteFile.Execute(_folder["millrace.journal.db"], "DELETE FROM journal WHERE position = 2");
        await ExpectAsync(sound: [2, 3], damaged: [0, 1, 4]);
    }

    [Fact]
    public async Task A_row_in_anothers_place_is_found()
    {
        await WriteAsync();
        SqliteFile.Execute(
            _folder["millrace.journal.db"], "UPDATE journal SET batches = (SELECT batches FROM journal WHERE position = 1) WHERE position = 2");
        await ExpectAsync(sound: [2, 3], damaged: [0, 1, 4]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_end_that_a_checkpoint_has_seen_is_refused(bool checkpointAll)
    {
        await WriteAsync(checkpointAll);
        SqliteFile.Execute(_folder["millrace.journal.db"], "DELETE FROM journal WHERE position >= 3");
        Assert.Contains("ends at row 2, but the read model has seen row 4", Assert.Throws<StoreRefusedException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_that_every_checkpoint_covers_is_found_by_reading_the_whole_journal()
    {
        await WriteAsync(checkpointAll: true);
        Change(row => Flip(row, FrameLength + JournalFrames.HeaderLength));
        await using var store = Open();
        foreach (var partition in Enumerable.Range(0, 5))
            Assert.Empty(await store.ReadAllOfAsync(partition, await CheckpointOfAsync(store, partition)));

        var fault = await Assert.ThrowsAsync<JournalCorruptException>(() => store.ReadAllOfAsync(1));
        Assert.Equal((1, 2), (fault.Partition, fault.Seq));
        var read = 0;
        fault = await Assert.ThrowsAsync<JournalCorruptException>(async () =>
        {
            await foreach (var batch in store.ReadAllAsync())
                read++;
        });
        Assert.Equal((1, 8), (fault.Partition, read));
    }

    private static byte[] Flip(byte[] row, int index)
    {
        row[index] ^= 0x10;
        return row;
    }

    private static async Task<long> CheckpointOfAsync(SqliteStore store, int partition) =>
        (await store.LoadPartitionAsync(partition, CancellationToken.None)).Seq;

    private SqliteStore Open() => SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder.Path, PartitionCount = 5 });

    private void Change(Func<byte[], byte[]> change) => SqliteFile.Change(_folder["millrace.journal.db"], 2, change);

    private async Task WriteAsync(bool checkpointAll = false)
    {
        await using var store = Open();
        var logs = new List<PartitionLog>();
        for (var partition = 0; partition < 5; partition++)
            logs.Add(await PartitionLog.ClaimAsync(store, partition));
        int[][] rows = [[0, 1, 2, 3], [0, 1], [0], [0, 2]];
        foreach (var row in rows)
            await store.AppendAsync([.. row.Select(partition => logs[partition].Next(bytes: PayloadLength))]);
        foreach (var log in logs.Where(log => checkpointAll || log.Partition == 3))
            await store.CheckpointAsync(new PartitionCheckpoint(log.Partition, log.Epoch, log.Seq, default, [], [], []));
        Assert.Equal((4, 9), (store.Commits, store.Batches));
        Assert.Equal(9, await CountAsync(store));
    }

    private static async Task<int> CountAsync(SqliteStore store)
    {
        var count = 0;
        await foreach (var batch in store.ReadAllAsync())
            count++;
        return count;
    }

    private async Task ExpectAsync(int[] sound, int[] damaged)
    {
        await using var store = Open();

        // Once from what the opening scan kept, once from disk.
        for (var reading = 0; reading < 2; reading++)
        {
            foreach (var partition in sound)
                await store.ReadAllOfAsync(partition, await CheckpointOfAsync(store, partition));
            foreach (var partition in damaged)
            {
                var after = await CheckpointOfAsync(store, partition);
                var fault = await Assert.ThrowsAsync<JournalCorruptException>(() => store.ReadAllOfAsync(partition, after));
                Assert.Equal(partition, fault.Partition);
            }
        }

        foreach (var partition in sound.Concat(damaged))
        {
            var log = await PartitionLog.ClaimAsync(store, partition);
            var expected = sound.Contains(partition) ? AppendOutcome.Appended : AppendOutcome.Fenced;
            Assert.Equal(expected, Assert.Single(await store.AppendAsync([log.Next()])));
        }
    }
}
