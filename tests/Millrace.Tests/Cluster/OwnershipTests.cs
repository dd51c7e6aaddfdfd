using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>A node that others may take partitions from: what it says, and what it leaves alone, while its store is slow to answer.</summary>
public sealed class OwnershipTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly SlowJournal _journal = new(new MemoryStore(new MemoryDisk(2)));
    private readonly PartitionRuntime _runtime;

    public OwnershipTests() => _runtime = new PartitionRuntime(
        _journal, _journal.Store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
        new PartitionRuntimeOptions { Lanes = 1 }, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);

    public void Dispose()
    {
        _runtime.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task Nobody_is_answered_by_a_question_that_was_asked_before_he_came()
    {
        _runtime.Start(0);
        await Eventually.Async(() => Task.FromResult(_runtime.IsHere(0)), "the partition serves");
        var early = _journal.HoldNextAnswer();
        await early.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        var late = _journal.HoldNextAnswer();
        var read = ReadAsync(0);
        // Refused at once, each in a turn of its own: by then the lane has what the read came to.
        for (var turn = 0; turn < 2; turn++)
            Assert.Equal(ReplyStatus.Unavailable, (await ReadAsync(1)).Status);

        early.Release.SetResult();
        await late.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(read.IsCompleted);
        late.Release.SetResult();
        Assert.Equal(ReplyStatus.NotFound, (await read.WaitAsync(TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task A_partition_that_is_given_up_before_it_is_claimed_is_left_to_others()
    {
        _journal.HoldsClaims = true;
        _runtime.Start(0);
        await _journal.Claiming.Task.WaitAsync(TestContext.Current.CancellationToken);
        await _runtime.StopAsync(0).WaitAsync(TestContext.Current.CancellationToken);
        var others = await _journal.Store.ClaimAsync(0, "another", TestContext.Current.CancellationToken);
        await _journal.ClaimEnded.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.True((await _journal.Store.ConfirmAsync([(0, others.Epoch)], TestContext.Current.CancellationToken))[0]);
    }

    private Task<PartitionReply> ReadAsync(int partition)
    {
        var sink = TaskReplySink.Create();
        _runtime.Send(partition, new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, partition, 1), Given.Acme), sink);
        return sink.Task;
    }

    /// <summary>What the store said, and not yet told.</summary>
    private sealed record HeldAnswer(TaskCompletionSource Asked, TaskCompletionSource Release)
    {
        public HeldAnswer()
            : this(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
        {
        }
    }

    private sealed class SlowJournal(MemoryStore store) : IJournal
    {
        private readonly Queue<HeldAnswer> _held = [];

        public MemoryStore Store => store;

        public bool HoldsClaims { get; set; }

        public TaskCompletionSource Claiming { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource ClaimEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int PartitionCount => store.PartitionCount;

        public bool IsShared => true;

        public HeldAnswer HoldNextAnswer()
        {
            var held = new HeldAnswer();
            lock (_held)
                _held.Enqueue(held);
            return held;
        }

        public async ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation)
        {
            if (!HoldsClaims)
                return await store.ClaimAsync(partition, owner, cancellation);
            Claiming.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                throw new InvalidOperationException("Nobody ends it but who gave the partition up.");
            }
            finally
            {
                ClaimEnded.SetResult();
            }
        }

        public async ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation)
        {
            var answer = await store.ConfirmAsync(claims, cancellation);
            HeldAnswer? held;
            lock (_held)
                _held.TryDequeue(out held);
            if (held is null)
                return answer;
            held.Asked.SetResult();
            await held.Release.Task.WaitAsync(cancellation);
            return answer;
        }

        public ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group) => store.AppendAsync(group);

        public IAsyncEnumerable<PartitionBatch> ReadAsync(int partition, long afterSeq, CancellationToken cancellation) => store.ReadAsync(partition, afterSeq, cancellation);

        public ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation) => store.ReleaseAsync(partition, epoch, cancellation);
    }
}
