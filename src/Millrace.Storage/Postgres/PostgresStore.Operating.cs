using Npgsql;
using NpgsqlTypes;

namespace Millrace.Storage.Postgres;

/// <summary>What operators set for all nodes at once.</summary>
public sealed partial class PostgresStore
{
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
