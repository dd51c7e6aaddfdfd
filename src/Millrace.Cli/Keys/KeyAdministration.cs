using Millrace.Api.Keys;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Cli.Keys;

/// <summary>Keys without a server: the first one cannot be asked for with a key. Whoever may write to the store may make them.</summary>
public sealed class KeyAdministration : IAsyncDisposable
{
    private readonly object _store;
    private readonly AuditLog _audit;

    private KeyAdministration(object store, AuditLog audit, ApiKeyStore keys) => (_store, _audit, Keys) = (store, audit, keys);

    public ApiKeyStore Keys { get; }

    /// <summary>How many partitions were fixed for good, as the database was empty and became a store; null where it was one.</summary>
    public int? NewPartitions => _store is PostgresStore { IsNew: true } made ? made.PartitionCount : null;

    /// <summary>Recorded as who did it.</summary>
    public static Actor Actor { get; } = new(ActorKind.Operator, $"{Environment.UserName} at the command line");

    /// <param name="data">The data folder of a server; made when missing.</param>
    /// <param name="postgres">The database of a cluster, in place of the folder; becomes a store when it is empty.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="partitions">Of a store that is made in the database, 1 to 4096; null for the default.</param>
    /// <param name="mayMake">False refuses where nothing is, and leaves that as it is.</param>
    /// <param name="mayUpgrade">False refuses a folder of an earlier version, and leaves that as it is.</param>
    /// <exception cref="InvalidOperationException">It cannot be opened.</exception>
    public static async Task<KeyAdministration> OpenAsync(string? data, string? postgres, CancellationToken cancellation, int? partitions = null, bool mayMake = true, bool mayUpgrade = true)
    {
        try
        {
            if (data is not null && BackupManifest.IsIn(data))
                throw new StoreRefusedException($"'{data}' is a backup, and would be none any more if it were opened: 'millrace restore' makes a data folder of it.");
            if (data is not null && !mayMake && !SqliteAdministration.IsIn(data))
                throw new StoreRefusedException($"No key was ever made in '{data}'.");
            IAdministration store = postgres is not null
                ? await PostgresStore.OpenAsync(new PostgresStoreOptions { ConnectionString = postgres, PartitionCount = partitions, MayMake = mayMake })
                : SqliteAdministration.Open(data!, mayUpgrade);
            var audit = new AuditLog(store, TimeProvider.System);
            var keys = new ApiKeyStore(audit, TimeProvider.System);
            await audit.RefreshAsync(cancellation);
            return new KeyAdministration(store, audit, keys);
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException)
        {
            throw new InvalidOperationException(refused.Message, refused);
        }
    }

    /// <summary>Reads what others have added since.</summary>
    public Task RefreshAsync(CancellationToken cancellation) => _audit.RefreshAsync(cancellation);

    /// <summary>A key for a while, of a run that makes its own.</summary>
    /// <returns>Its text.</returns>
    public static async Task<string> MakeAsync(
        string? data, string? postgres, string tenant, string client, Scopes scopes, CancellationToken cancellation, int? partitions = null)
    {
        await using var administration = await OpenAsync(data, postgres, cancellation, partitions);
        return await administration.MakeAsync(tenant, client, scopes, TimeProvider.System.GetUtcNow().AddDays(7), cancellation);
    }

    /// <returns>The key's text.</returns>
    /// <exception cref="InvalidOperationException">The client has its keys already.</exception>
    public async Task<string> MakeAsync(string tenant, string client, Scopes scopes, DateTimeOffset? expiresAt, CancellationToken cancellation) =>
        Text(await Keys.CreateAsync(TenantId.Parse(tenant), client, scopes, expiresAt, Actor, null, cancellation));

    /// <exception cref="InvalidOperationException">No key was made.</exception>
    public static string Text(KeyOutcome outcome) => outcome switch
    {
        KeyOutcome.Made made => made.Text,
        KeyOutcome.TooMany => throw new InvalidOperationException($"A client may have {ApiKeyStore.MaxLivePerClient} live keys: revoke one first. (A tenant may have {ApiKeyStore.MaxLivePerTenant}, and make {ApiKeyStore.MaxNewPerTenantAndDay} a day.)"),
        _ => throw new InvalidOperationException("There is no such live key."),
    };

    public ValueTask DisposeAsync()
    {
        _audit.Dispose();
        if (_store is IAsyncDisposable asynchronous)
            return asynchronous.DisposeAsync();
        (_store as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
