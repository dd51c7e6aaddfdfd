using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Memory;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class CheckpointerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly MemoryStore _store = new(new MemoryDisk(2));
    private readonly BlockingCollection<(Partition, LaneInputKind)> _told = [];

    [Fact]
    public async Task Nobody_waits_for_a_store_that_does_not_answer_and_the_newest_of_a_partition_is_stored()
    {
        var claim = await _store.ClaimAsync(0, "test", CancellationToken.None);
        var lives = Enumerable.Range(0, 4).Select(_ => new Partition(0, new PartitionMap(2), new PartitionOptions(), claim)).ToArray();
        using var goOn = new ManualResetEventSlim();
        using var isIn = new ManualResetEventSlim();
        _store.Fault = _ =>
        {
            isIn.Set();
            goOn.Wait(Patience);
            return MemoryFault.None;
        };
        using var checkpointer = new Checkpointer(0, _store, NullLogger.Instance);
        Store(checkpointer, lives[0]);
        Assert.True(isIn.Wait(Patience));
        // As after commits that nobody answered: each incarnation brings one of its own.
        foreach (var life in lives[1..])
            Store(checkpointer, life);
        goOn.Set();
        Assert.Equal((lives[0], LaneInputKind.CheckpointStored), Told());
        Assert.Equal((lives[3], LaneInputKind.CheckpointStored), Told());
        Assert.Empty(_told);
    }

    [Fact]
    public async Task One_that_is_refused_is_tried_again_behind_the_others()
    {
        var (first, other) = (await ClaimAsync(0), await ClaimAsync(1));
        var refusals = 0;
        _store.Fault = write => write == MemoryWrite.Checkpoint && refusals++ == 0 ? MemoryFault.Unavailable : MemoryFault.None;
        using var checkpointer = new Checkpointer(0, _store, NullLogger.Instance);
        Store(checkpointer, first);
        Store(checkpointer, other);
        Assert.Equal((other, LaneInputKind.CheckpointStored), Told());
        Assert.Equal((first, LaneInputKind.CheckpointStored), Told());
    }

    [Fact]
    public async Task One_that_is_refused_for_good_is_named_and_holds_up_nobody_and_is_stored_once_it_can_be()
    {
        var (first, other) = (await ClaimAsync(0), await ClaimAsync(1));
        using var areQueued = new ManualResetEventSlim();
        using var isMended = new ManualResetEventSlim();
        var writes = 0;
        _store.Fault = _ =>
        {
            areQueued.Wait(Patience);
            // The second is the other's.
            return ++writes == 2 || isMended.IsSet ? MemoryFault.None : throw new StoreRefusedException("22021");
        };
        using var checkpointer = new Checkpointer(0, _store, NullLogger.Instance);
        Store(checkpointer, first);
        Store(checkpointer, other);
        areQueued.Set();
        Assert.Equal((other, LaneInputKind.CheckpointStored), Told());
        Assert.Equal((0, "22021"), Assert.Single(checkpointer.Refused.Select(refused => (refused.Key, refused.Value))));
        isMended.Set();
        Assert.Equal((first, LaneInputKind.CheckpointStored), Told());
        Assert.Empty(checkpointer.Refused);
    }

    private (Partition, LaneInputKind) Told() => _told.TryTake(out var told, Patience) ? told : throw new TimeoutException();

    private async Task<Partition> ClaimAsync(int id) =>
        new(id, new PartitionMap(2), new PartitionOptions(), await _store.ClaimAsync(id, "test", CancellationToken.None));

    private void Store(Checkpointer checkpointer, Partition partition) => checkpointer.Store(
        partition, new PartitionCheckpoint(partition.Id, partition.Epoch, 0, default, [], [], []), input => _told.Add((partition, input.Kind)));
}
