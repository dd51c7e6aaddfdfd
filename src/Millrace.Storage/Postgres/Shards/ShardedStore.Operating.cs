using Millrace.Engine.Administration;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>What operators set for all nodes at once: kept at home.</summary>
public sealed partial class ShardedStore
{
    /// <summary>What is kept of the installation: at home.</summary>
    public IAdministration Administration => Home.Opened!;

    /// <summary>What running services keep: at home.</summary>
    public IRecords Records => Home.Opened!;

    /// <summary>As <see cref="PostgresStore.RaiseFormatAsync"/>, in all databases. One that is away takes home's format when it is opened again by a
    /// node that starts; until then its owners write the old one, which all can read.</summary>
    public async Task<int> RaiseFormatAsync(int format, CancellationToken cancellation)
    {
        var raised = await Home.Opened!.RaiseFormatAsync(format, cancellation).ConfigureAwait(false);
        foreach (var shard in _shards.Skip(1))
        {
            var store = await shard.OpenAsync(cancellation).ConfigureAwait(false);
            await store.RaiseFormatAsync(format, cancellation).ConfigureAwait(false);
        }

        return raised;
    }
}
