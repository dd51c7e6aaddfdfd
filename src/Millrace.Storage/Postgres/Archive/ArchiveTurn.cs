using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>What every archiver of a database keeps to: one at a time, and nobody waits long for it.</summary>
internal static class ArchiveTurn
{
    private const long LockKey = 0x4D696C6C41726368;
    private const int MostTries = 60;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    /// <summary>What a removal may make others wait for: it waits for everybody who reads the table, and they queue behind it.</summary>
    public const string ShortWait = "SET LOCAL lock_timeout = '200ms'";

    /// <summary>As long as the connection is open.</summary>
    /// <exception cref="StoreRefusedException">Another archiver is at work in this database.</exception>
    public static async Task TakeAsync(NpgsqlConnection connection, string shard)
    {
        var isAlone = false;
        await connection.QueryAsync($"SELECT pg_try_advisory_lock({LockKey})", static _ => { }, reader => isAlone = reader.GetBoolean(0)).ConfigureAwait(false);
        if (!isAlone)
            throw new StoreRefusedException($"Another 'millrace archive' is at work in '{shard}'.");
    }

    /// <summary>Again every second for a minute, while others read.</summary>
    /// <param name="tryIt">One transaction that waits as <see cref="ShortWait"/> says.</param>
    /// <param name="busy">Told when the minute is over.</param>
    /// <exception cref="StoreUnavailableException">It is being read all the time.</exception>
    public static async Task RepeatAsync(Func<Task> tryIt, string busy, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await tryIt().ConfigureAwait(false);
                return;
            }
            catch (PostgresException held) when (held.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                if (attempt == MostTries)
                    throw new StoreUnavailableException(busy, held);
            }

            await Task.Delay(BetweenTries, cancellation).ConfigureAwait(false);
        }
    }
}
