using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>Makes the connections of one purpose.</summary>
internal static class Connections
{
    /// <summary>The purpose for which a standby will do.</summary>
    public const string Replica = "replica";

    public static string ForMembership(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "millrace membership", MaxPoolSize = 4, Timeout = 3, CommandTimeout = 3 };
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
            (settings.TargetSessionAttributes, settings.HostRecheckSeconds) = ("primary", 0);
        return settings.ConnectionString;
    }

    /// <summary>With the password, which no data source gives away, and a connection of its own each time.</summary>
    public static string ForMigration(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "millrace migration", Pooling = false, CommandTimeout = 0 };
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
            (settings.TargetSessionAttributes, settings.HostRecheckSeconds) = ("primary", 0);
        return settings.ConnectionString;
    }

    /// <param name="most">Connections in the pool; 0 for none.</param>
    /// <param name="mayLoseCommits">What the server is set to counts, and the operator has allowed that.</param>
    public static NpgsqlDataSource Source(string connectionString, string purpose, int most, bool mayLoseCommits = false)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = $"millrace {purpose}",
            Pooling = most > 0,
            // A time-out sends a cancel; see the design. Where one is wanted, the server keeps it (lock_timeout, statement_timeout).
            CommandTimeout = 0,
            // A server that is gone without a word is noticed within about five seconds.
            TcpKeepAlive = true,
            TcpKeepAliveTime = 2,
            TcpKeepAliveInterval = 1,
            MaxAutoPrepare = 40,
            AutoPrepareMinUsages = 2,
            IncludeErrorDetail = false,
        };
        // A warning is the only sign of a wait for the standby that was broken off: no setting of the database's may hide it.
        settings.Options = $"{settings.Options} -c client_min_messages=warning";
        // Turned off for the whole server while a connection lasts, it would be off for the next commit. (fsync and full_page_writes are the server's alone.)
        if (purpose is ("commit" or "control" or "move") && !mayLoseCommits && !settings.Options.Contains("synchronous_commit", StringComparison.Ordinal))
            settings.Options += " -c synchronous_commit=on";
        // What waits for a lock for longer waits for a node that stands still.
        if (purpose == "control")
            settings.Options += " -c lock_timeout=1000";
        // A mover that stands still in the middle of a transaction must not hold up the one that goes on with its move.
        if (purpose == "move")
            settings.Options += " -c lock_timeout=5000 -c idle_in_transaction_session_timeout=10000";
        if (most > 0)
            settings.MaxPoolSize = most;
        if (!settings.ShouldSerialize(nameof(settings.Timeout)))
            settings.Timeout = 5;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        if (settings.Host?.Contains(',', StringComparison.Ordinal) != true)
            return builder.Build();
        // After a failover the old primary's place is asked again at once.
        builder.ConnectionStringBuilder.HostRecheckSeconds = 0;
        return builder.BuildMultiHost().WithTargetSession(purpose == Replica ? TargetSessionAttributes.PreferStandby : TargetSessionAttributes.Primary);
    }
}
