using System.Text;
using Millrace.Cli.Stores;
using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Storage;

/// <summary>What everything promises that keeps records.</summary>
public abstract class RecordsCompliance : IAsyncLifetime
{
    private const string Kind = "job";
    private static readonly ReadOnlyMemory<byte> Body = "progress"u8.ToArray();
    private IRecords _one = null!;
    private IRecords _other = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_one, _other) = (await OpenAsync(), await OpenAsync());

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task What_is_written_is_found_by_any_process_with_the_next_version()
    {
        var written = await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 0, Body), Cancellation);
        Assert.Equal((1, "progress"), Read(written));
        Assert.Equal((1, "progress"), Read(await _other.FindRecordAsync(Kind, "a", Cancellation)));
        Assert.Equal((2, ""), Read(await _other.TryWriteRecordAsync(written!.With(default(ReadOnlyMemory<byte>)), Cancellation)));
        Assert.Equal((2, ""), Read(await _one.FindRecordAsync(Kind, "a", Cancellation)));
        Assert.Null(await _one.FindRecordAsync("lease", "a", Cancellation));
    }

    [Fact]
    public async Task A_write_for_another_version_than_the_stored_one_changes_nothing()
    {
        Assert.Null(await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 1, Body), Cancellation));
        Assert.Null(await _one.FindRecordAsync(Kind, "a", Cancellation));
        await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 0, Body), Cancellation);
        foreach (var version in new[] { 0, 2, 9 })
            Assert.Null(await _other.TryWriteRecordAsync(new StoredRecord(Kind, "a", version, new byte[1]), Cancellation));
        Assert.Equal((1, "progress"), Read(await _other.FindRecordAsync(Kind, "a", Cancellation)));
    }

    [Fact]
    public async Task Of_two_that_write_at_once_one_is_refused()
    {
        for (var version = 0; version < 20; version++)
        {
            var record = new StoredRecord(Kind, "a", version, Body);
            var written = await Task.WhenAll(
                Task.Run(() => _one.TryWriteRecordAsync(record, Cancellation).AsTask()), Task.Run(() => _other.TryWriteRecordAsync(record, Cancellation).AsTask()));
            Assert.Single(written, winner => winner is not null);
        }

        Assert.Equal(20, (await _one.FindRecordAsync(Kind, "a", Cancellation))!.Version);
    }

    [Fact]
    public async Task A_record_is_deleted_in_its_present_version_only_and_may_be_made_again()
    {
        var first = await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 0, Body), Cancellation);
        await _one.TryWriteRecordAsync(first!, Cancellation);
        foreach (var version in new[] { 0, 1, 3 })
            Assert.False(await _other.TryDeleteRecordAsync(Kind, "a", version, Cancellation));
        Assert.False(await _other.TryDeleteRecordAsync("lease", "a", 2, Cancellation));
        Assert.True(await _other.TryDeleteRecordAsync(Kind, "a", 2, Cancellation));
        Assert.False(await _other.TryDeleteRecordAsync(Kind, "a", 2, Cancellation));
        Assert.Null(await _one.FindRecordAsync(Kind, "a", Cancellation));
        Assert.Equal(1, (await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 0, Body), Cancellation))!.Version);
    }

    [Fact]
    public async Task A_kind_is_listed_page_by_page_in_the_order_of_its_ids()
    {
        // As bytes: a database's language would put them otherwise.
        string[] ids = ["-a", "A", "B", "_", "a", "a-", "a1", "aB", "b"];
        foreach (var id in ids.Reverse())
            await _one.TryWriteRecordAsync(new StoredRecord(Kind, id, 0, Encoding.ASCII.GetBytes(id)), Cancellation);
        await _one.TryWriteRecordAsync(new StoredRecord("lease", "a0", 0, Body), Cancellation);
        var listed = new List<string>();
        while (await _other.ListRecordsAsync(Kind, listed.LastOrDefault(), 4, Cancellation) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 4);
            Assert.All(page, record => Assert.Equal((1, record.Id), Read(record)));
            listed.AddRange(page.Select(record => record.Id));
        }

        Assert.Equal(ids, listed);
    }

    [Fact]
    public async Task The_largest_body_is_kept_and_nothing_unbounded_is_asked_for()
    {
        var largest = Enumerable.Range(0, StoredRecord.MaxBody).Select(i => (byte)i).ToArray();
        await _one.TryWriteRecordAsync(new StoredRecord(Kind, "a", 0, largest), Cancellation);
        Assert.Equal(largest, (await _other.FindRecordAsync(Kind, "a", Cancellation))!.Body.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => new StoredRecord(Kind, "a", 0, new byte[StoredRecord.MaxBody + 1]));
        foreach (var most in new[] { 0, IRecords.MaxPage + 1 })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await _one.ListRecordsAsync(Kind, null, most, Cancellation));
        foreach (var id in new[] { "", "a b", "ä", new string('a', 201) })
            await Assert.ThrowsAsync<ArgumentException>(async () => await _one.FindRecordAsync(Kind, id, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _one.FindRecordAsync("Job", "a", Cancellation));
    }

    private protected abstract Task<IRecords> OpenAsync();

    private static (long, string) Read(StoredRecord? record)
    {
        Assert.NotNull(record);
        return (record.Version, Encoding.ASCII.GetString(record.Body.Span));
    }
}

public sealed class SqliteRecordsTests : RecordsCompliance
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SqliteAdministration> _open = [];

    public override ValueTask DisposeAsync()
    {
        _open.ForEach(store => store.Dispose());
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_means_something_in_another_store_is_copied_there_and_a_repeat_changes_nothing()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var elsewhere = new TemporaryFolder();
        using var target = SqliteAdministration.Open(elsewhere.Path);
        var source = _open[0];
        foreach (var (kind, id) in Enumerable.Range(0, 250).Select(i => ("job", $"{i:D3}")).Append(("psp_pause", "psp")).Append((Lease.RecordKind, "jobs")).Append((Millrace.Webhooks.Delivering.DeliveryRecords.StateKind, "whk_1")))
            await source.TryWriteRecordAsync(new StoredRecord(kind, id, 0, Encoding.ASCII.GetBytes(id)), cancellation);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            await RecordsMigration.RunAsync(source, target, cancellation);
            Assert.Equal(["job", "psp_pause"], await target.ListRecordKindsAsync(cancellation));
            var last = await target.FindRecordAsync("job", "249", cancellation);
            Assert.Equal((1, "249"), (last!.Version, Encoding.ASCII.GetString(last.Body.Span)));
        }
    }

    private protected override Task<IRecords> OpenAsync()
    {
        _open.Add(SqliteAdministration.Open(_folder.Path));
        return Task.FromResult<IRecords>(_open[^1]);
    }
}

public sealed class PostgresRecordsTests(PostgresFixture postgres) : RecordsCompliance
{
    private readonly List<PostgresStore> _open = [];
    private string? _database;

    public override async ValueTask DisposeAsync()
    {
        foreach (var store in _open)
            await store.DisposeAsync();
    }

    private protected override async Task<IRecords> OpenAsync()
    {
        _database ??= await postgres.NewDatabaseAsync();
        _open.Add(await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = _database, PartitionCount = 4 }));
        return _open[^1];
    }
}
