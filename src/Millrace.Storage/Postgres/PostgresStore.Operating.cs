using Npgsql;
using NpgsqlTypes;

namespace Millrace.Storage.Postgres;

/// <summary>What operators set for all nodes at once.</summary>
public sealed partial class PostgresStore
{
    /// <summary>The nodes that an operator wants to own nothing, by name.</summary>
    public Task<IReadOnlySet<string>> ReadDrainedNodesAsync(CancellationToken cancellation) => RunAsync<IReadOnlySet<string>>(
        _control, "SELECT name FROM drained_node", static _ => { }, async reader =>
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                names.Add(reader.GetString(0));
            return names;
        }, cancellation);

    /// <summary>Wants a node to own nothing, or no longer. A repeat changes nothing.</summary>
    public Task SetDrainedAsync(string name, bool isDrained, CancellationToken cancellation) => RunAsync(
        _control,
        isDrained ? "INSERT INTO drained_node (name) VALUES ($1) ON CONFLICT DO NOTHING" : "DELETE FROM drained_node WHERE name = $1",
        p => p.Add(new NpgsqlParameter { Value = name }), static _ => Task.FromResult(true), cancellation);

    /// <summary>From their next claim on owners write this payload format. It is never lowered: what is written cannot be unread.</summary>
    /// <returns>The store's format afterwards.</returns>
    public Task<int> RaiseFormatAsync(int format, CancellationToken cancellation) => RunAsync(
        _control, "UPDATE store SET payload_format = greatest(payload_format, $1) RETURNING payload_format",
        p => p.Add(new NpgsqlParameter { Value = format, NpgsqlDbType = NpgsqlDbType.Integer }),
        async reader =>
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            return reader.GetInt32(0);
        }, cancellation);
}
