using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>Nodes with a clock each, which the tests move; what they hold is noted by those clocks.</summary>
public sealed class LeaseTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteAdministration _records;
    private readonly List<Node> _nodes = [];

    public LeaseTests() => _records = SqliteAdministration.Open(_folder.Path);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.StopAsync();
        _records.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task While_the_holder_renews_nobody_else_does_the_duty()
    {
        var (holder, other) = (await HolderAsync(), NewNode("b"));
        for (var second = 0; second < 60; second++)
            await PassAsync(TimeSpan.FromSeconds(1), holder, other);
        Assert.False(holder.IsCanceled);
        Assert.Equal((1, 0), (holder.Begun, other.Begun));
    }

    [Fact]
    public async Task A_holder_that_cannot_renew_stops_before_another_begins()
    {
        var (holder, other) = (await HolderAsync(), NewNode("b"));
        await PassAsync(TimeSpan.FromSeconds(3), holder, other);
        holder.Store.Weather = Weather.Away;
        var cut = other.Time.GetUtcNow();
        await Eventually.Async(async () =>
        {
            await PassAsync(TimeSpan.FromMilliseconds(500), holder, other);
            return other.Begun == 1;
        }, "another has taken over");
        Assert.True(holder.IsCanceled);
        Assert.True(other.WasAlone);
        Assert.True(other.BegunAt - cut >= Lease.TakeOverAfter - Lease.RenewEvery);
        holder.Store.Weather = Weather.Fair;
        for (var second = 0; second < 30; second++)
            await PassAsync(TimeSpan.FromSeconds(1), holder, other);
        Assert.Equal((1, 1), (holder.Begun, other.Begun));
    }

    [Fact]
    public async Task A_challenger_waits_by_its_own_clock_however_the_others_runs()
    {
        var (holder, other) = (await HolderAsync(), NewNode("b"));
        // The holder's clock stands: as if its machine was stopped.
        await Eventually.Async(async () =>
        {
            await PassAsync(TimeSpan.FromSeconds(1), other);
            return other.Begun == 1;
        }, "another has taken over");
        Assert.True(other.BegunAt - Node.Start >= Lease.TakeOverAfter);
        // It wakes up, and finds that the lease is not its any more.
        await Eventually.Async(async () =>
        {
            await PassAsync(TimeSpan.FromSeconds(1), holder);
            return holder.IsCanceled;
        }, "it has found out");
        Assert.False(other.IsCanceled);
    }

    [Fact]
    public async Task A_node_that_stops_gives_the_lease_back_and_another_need_not_wait()
    {
        var (holder, other) = (await HolderAsync(), NewNode("b"));
        await PassAsync(TimeSpan.FromSeconds(1), other);
        await holder.StopAsync();
        var stopped = other.Time.GetUtcNow();
        await Eventually.Async(async () =>
        {
            await PassAsync(TimeSpan.FromSeconds(1), other);
            return other.Begun == 1;
        }, "another has taken over");
        Assert.True(other.BegunAt - stopped < Lease.TakeOverAfter);
    }

    [Fact]
    public async Task A_write_that_was_made_though_it_failed_does_not_end_the_lease()
    {
        var holder = await HolderAsync();
        holder.Store.Weather = Weather.FailsAfterwards;
        await PassAsync(TimeSpan.FromSeconds(3), holder);
        holder.Store.Weather = Weather.Fair;
        for (var second = 0; second < 20; second++)
            await PassAsync(TimeSpan.FromSeconds(1), holder);
        Assert.False(holder.IsCanceled);
        Assert.Equal(1, holder.Begun);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_duty_that_fails_by_a_defect_is_begun_again_in_half_a_minute_and_ends_nobody(bool isShared)
    {
        var time = new FakeTimeProvider();
        using var stop = new CancellationTokenSource();
        var begun = 0;
        var running = new Leases(_records, "a", isShared, time, NullLogger<Lease>.Instance).RunAsync("duty", _ =>
        {
            Interlocked.Increment(ref begun);
            throw new InvalidOperationException("a defect");
        }, stop.Token);

        await Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(Volatile.Read(ref begun) > 2);
        }, "it is begun again and again");
        Assert.True(time.GetUtcNow() - new FakeTimeProvider().GetUtcNow() >= TimeSpan.FromMinutes(1));
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_duty_that_finds_the_store_away_is_begun_again()
    {
        var node = NewNode("a", failsFirst: true);
        await Eventually.Async(async () =>
        {
            await PassAsync(TimeSpan.FromSeconds(1), node);
            return node.Begun == 2;
        }, "it is begun again");
    }

    private async Task<Node> HolderAsync()
    {
        var holder = NewNode("a");
        await Eventually.Async(() => Task.FromResult(holder.Begun == 1), "it has begun");
        return holder;
    }

    private Node NewNode(string name, bool failsFirst = false)
    {
        var node = new Node(name, _records, _nodes) { FailsFirst = failsFirst };
        _nodes.Add(node);
        node.Run();
        return node;
    }

    // What the timers set off is done on other threads: it must be done before the next moment.
    private static async Task PassAsync(TimeSpan time, params Node[] nodes)
    {
        foreach (var node in nodes)
            node.Time.Pass(time);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!Array.TrueForAll(nodes, node => node.Time.IsAwaited))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private enum Weather
    {
        Fair = 0,
        Away = 1,
        FailsAfterwards = 2,
    }

    private sealed class Node(string name, IRecords records, List<Node> all)
    {
        public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private readonly CancellationTokenSource _stopping = new();
        private CancellationToken _held;
        private Task _running = Task.CompletedTask;

        public AwaitedTime Time { get; } = new(Start);

        public UncertainRecords Store { get; } = new(records);

        public bool FailsFirst { get; init; }

        public int Begun { get; private set; }

        public DateTimeOffset BegunAt { get; private set; }

        public bool WasAlone { get; private set; }

        public bool IsCanceled => _held.IsCancellationRequested;

        public void Run() => _running = Task.Run(() =>
            new Lease(Store, "jobs", name, Time, NullLogger<Lease>.Instance).RunAsync(DoAsync, _stopping.Token));

        public async Task StopAsync()
        {
            await _stopping.CancelAsync();
            await _running;
        }

        private async Task DoAsync(CancellationToken held)
        {
            WasAlone = all.TrueForAll(node => node == this || node.Begun == 0 || node.IsCanceled);
            (_held, BegunAt) = (held, Time.GetUtcNow());
            Begun++;
            if (FailsFirst && Begun == 1)
                throw new StoreUnavailableException("away");
            await Task.Delay(Timeout.InfiniteTimeSpan, held);
        }
    }

    private sealed class UncertainRecords(IRecords records) : IRecords
    {
        public Weather Weather { get; set; }

        public ValueTask<IReadOnlyList<StoredRecord>> ListRecordsAsync(string kind, string? after, int most, CancellationToken cancellation) =>
            records.ListRecordsAsync(kind, after, most, cancellation);

        public async ValueTask<StoredRecord?> FindRecordAsync(string kind, string id, CancellationToken cancellation)
        {
            Fail(Weather != Weather.Fair);
            return await records.FindRecordAsync(kind, id, cancellation);
        }

        public async ValueTask<StoredRecord?> TryWriteRecordAsync(StoredRecord record, CancellationToken cancellation)
        {
            Fail(Weather == Weather.Away);
            var written = await records.TryWriteRecordAsync(record, cancellation);
            Fail(Weather == Weather.FailsAfterwards);
            return written;
        }

        public ValueTask<bool> TryDeleteRecordAsync(string kind, string id, long version, CancellationToken cancellation) =>
            records.TryDeleteRecordAsync(kind, id, version, cancellation);

        private static void Fail(bool does)
        {
            if (does)
                throw new StoreUnavailableException("away");
        }
    }
}
