using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Xunit;

namespace Millrace.Tests.Storage;

/// <summary>How a write can fail.</summary>
public enum AppendFault
{
    Unavailable,
    AmbiguousLost,
    AmbiguousDurable,
}

/// <summary>What every store promises. A store's tests inherit it.</summary>
public abstract partial class StoreCompliance : IAsyncLifetime
{
    protected const int Partitions = 8;

    private IAsyncDisposable? _store;

    protected IJournal Journal => (IJournal)_store!;

    protected IReadModel ReadModel => (IReadModel)_store!;

    protected IStockPages StockPages => (IStockPages)_store!;

    /// <summary>Opens the store as a new process would, over what the ones before left.</summary>
    protected abstract IAsyncDisposable OpenStore();

    /// <summary>Makes the next append of the open store fail.</summary>
    protected abstract void FailNextAppend(AppendFault fault);

    public ValueTask InitializeAsync()
    {
        _store = OpenStore();
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _store!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task ReopenAsync()
    {
        await _store!.DisposeAsync();
        _store = OpenStore();
    }

    private async Task<AppendOutcome> AppendOneAsync(PartitionBatch batch) => Assert.Single(await Journal.AppendAsync([batch]));
}
