using Millrace.Engine.Journal;
using Millrace.Storage.Memory;
using Xunit;

namespace Millrace.Tests.Storage;

public sealed class MemoryStoreTests : StoreCompliance
{
    private readonly MemoryDisk _disk = new(Partitions);
    private MemoryStore _store = new(new MemoryDisk(1));

    protected override IAsyncDisposable OpenStore() => _store = new MemoryStore(_disk);

    protected override void FailNextAppend(AppendFault fault) => _store.Fault = write =>
    {
        if (write != MemoryWrite.Append)
            return MemoryFault.None;
        _store.Fault = static _ => MemoryFault.None;
        return fault switch
        {
            AppendFault.Unavailable => MemoryFault.Unavailable,
            AppendFault.AmbiguousLost => MemoryFault.AmbiguousLost,
            _ => MemoryFault.AmbiguousDurable,
        };
    };

    [Fact]
    public async Task A_flipped_bit_is_found()
    {
        var log = await PartitionLog.ClaimAsync(Journal, 0);
        await Journal.AppendAsync([log.Next(), log.Next()]);
        _disk.Damage(0, seq: 2);

        var fault = await Assert.ThrowsAsync<JournalCorruptException>(() => Journal.ReadAllOfAsync(0));
        Assert.Equal((0, 2), (fault.Partition, fault.Seq));
    }
}
