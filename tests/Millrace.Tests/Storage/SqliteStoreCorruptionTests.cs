using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;
using Xunit;

namespace Millrace.Tests.Storage;

/// <summary>
/// A small journal, damaged in every place: whatever is read afterwards is what was written, or an error that says where it ends.
/// With MILLRACE_CORRUPTION=all every byte of the file has its turn, which takes minutes; else every byte of the rows and a sample of
/// the file around them.
/// </summary>
public sealed class SqliteStoreCorruptionTests : IDisposable
{
    private const string Journal = "millrace.journal.db";
    private const int Partitions = 3;
    private const int SampledEvery = 23;

    // With it byte 40,975 has its turn: the page that once gave the same rows for ever.
    private const int FirstSampled = 12;
    private static readonly int[][] Rows = [[0, 1, 2], [0, 1], [1], [0, 2]];
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _wrong = [];
    private readonly List<PartitionBatch>[] _written = [.. Enumerable.Range(0, Partitions).Select(_ => new List<PartitionBatch>())];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_flipped_byte_of_a_row_is_found_and_says_which_row()
    {
        await WriteAsync();
        for (var position = 1; position <= Rows.Length; position++)
        {
            var length = LengthOf(position);
            for (var i = 0; i < length; i++)
            {
                var index = i;
                var fault = await DamagedRowAsync(position, row => Flipped(row, index));
                Assert.True(fault is not null, $"Byte {index} of row {position} was flipped and nobody noticed.");
                Assert.Contains($"row {position}", fault, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Every_truncation_of_a_row_is_found_and_says_which_row()
    {
        await WriteAsync();
        for (var position = 1; position <= Rows.Length; position++)
        {
            for (var length = 0; length < LengthOf(position); length++)
            {
                var kept = length;
                var fault = await DamagedRowAsync(position, row => row[..kept]);
                Assert.True(fault is not null, $"Row {position} was cut to {kept} bytes and nobody noticed.");
                Assert.Contains($"row {position}", fault, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task No_flipped_byte_of_the_file_gives_a_wrong_answer()
    {
        await WriteAsync();
        var sound = await File.ReadAllBytesAsync(_folder[Journal], TestContext.Current.CancellationToken);
        var isAll = Environment.GetEnvironmentVariable("MILLRACE_CORRUPTION") == "all";
        var (start, step) = isAll ? (0, 1) : (FirstSampled, SampledEvery);
        var noticed = 0;
        for (var i = start; i < sound.Length; i += step) 
            noticed += await IsNoticedAsync(Flipped(sound, i), $"byte {i} was flipped") ? 1 : 0;
        Assert.True(_wrong.Count == 0, string.Join("\n", _wrong));
        Assert.True(noticed > 0, "No byte mattered.");
    }

    [Fact]
    public async Task No_truncation_of_the_file_gives_a_wrong_answer()
    {
        await WriteAsync();
        var sound = await File.ReadAllBytesAsync(_folder[Journal], TestContext.Current.CancellationToken);
        var step = Environment.GetEnvironmentVariable("MILLRACE_CORRUPTION") == "all" ? 1 : 509;
        for (var length = 0; length < sound.Length; length += step)
            await IsNoticedAsync(sound[..length], $"the file was cut to {length} bytes");
        Assert.True(_wrong.Count == 0, string.Join("\n", _wrong));
    }

    private static byte[] Flipped(byte[] bytes, int index)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[index] ^= (byte)(1 << (index % 8));
        return flipped;
    }

    private int LengthOf(int position)
    {
        var length = 0;
        SqliteFile.Change(_folder[Journal], position, row =>
        {
            length = row.Length;
            return row;
        });
        return length;
    }

    private async Task<string?> DamagedRowAsync(int position, Func<byte[], byte[]> damage)
    {
        using var copy = Copy();
        SqliteFile.Change(copy[Journal], position, damage);
        return await FirstFaultAsync(copy);
    }

    private async Task<bool> IsNoticedAsync(byte[] journal, string what)
    {
        using var copy = Copy();
        await File.WriteAllBytesAsync(copy[Journal], journal, TestContext.Current.CancellationToken);
        try
        {
            return await FirstFaultAsync(copy) is not null;
        }
        catch (Exception wrong) when (wrong is not OperationCanceledException)
        {
            _wrong.Add($"{what}: {wrong.GetType().Name} {wrong.Message}");
            return false;
        }
    }

    /// <summary>What is wrong with the store; null when everything is as it was written. Anything read is compared.</summary>
    private async Task<string?> FirstFaultAsync(TemporaryFolder copy)
    {
        try
        {
            await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = copy.Path, PartitionCount = Partitions });
            string? first = null;
            for (var partition = 0; partition < Partitions; partition++)
                first ??= await FaultOfAsync(store, partition);
            return first;
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException)
        {
            return refused.Message;
        }
    }

    private async Task<string?> FaultOfAsync(SqliteStore store, int partition)
    {
        var read = 0;
        try
        {
            await foreach (var batch in store.ReadAsync(partition, 0, TestContext.Current.CancellationToken))
            {
                Assert.True(read < _written[partition].Count, $"Partition {partition} has a batch that nobody wrote.");
                JournalAssertions.Same([_written[partition][read++]], [batch]);
            }
        }
        catch (Exception damage) when (damage is JournalCorruptException or StoreUnavailableException or InvalidDataException)
        {
            return damage.Message;
        }

        Assert.True(read == _written[partition].Count, $"Partition {partition} has only {read} of {_written[partition].Count} batches, and says nothing.");
        return null;
    }

    private TemporaryFolder Copy()
    {
        var copy = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "*.db"))
            File.Copy(file, copy[Path.GetFileName(file)]);
        return copy;
    }

    private async Task WriteAsync()
    {
        await using (var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder.Path, PartitionCount = Partitions }))
        {
            var logs = new List<PartitionLog>();
            for (var partition = 0; partition < Partitions; partition++)
                logs.Add(await PartitionLog.ClaimAsync(store, partition));
            foreach (var row in Rows)
            {
                var batches = row.Select(partition => logs[partition].Next(bytes: 48)).ToArray();
                await store.AppendAsync(batches);
                foreach (var batch in batches)
                    _written[batch.Partition].Add(batch);
            }
        }

        // All of it is in the file itself now, none in a log beside it.
        Assert.False(File.Exists(_folder[Journal + "-wal"]));
    }
}
