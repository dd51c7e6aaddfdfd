using System.Data.Common;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>What a failure says about the commit that it struck.</summary>
internal static class PostgresFaults
{
    private static readonly string[] Fatal = ["FATAL", "PANIC"];

    /// <summary>The server itself said that the statement failed and the session goes on: nothing of it is there. A session that
    /// is ended may have ended while it waited for a standby, with everything committed.</summary>
    public static bool IsRolledBack(Exception fault) =>
        fault is PostgresException { InvariantSeverity: { } severity } && !Fatal.Contains(severity, StringComparer.Ordinal);

    public static bool IsOfDatabase(Exception fault) =>
        fault is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException
        || (fault is InvalidOperationException or ObjectDisposedException && fault.Source == "Npgsql");

    /// <summary>The server will say the same of the same statement tomorrow: data that it cannot hold, a rule of a table, a right or a table that is missing, a
    /// limit of its own. Only a person changes that; everything else may pass by itself.</summary>
    public static bool IsForEver(Exception fault) =>
        fault is PostgresException { SqlState: { Length: 5 } state } && state[..2] is ("0A" or "21" or "22" or "23" or "42" or "44" or "54");

    public static StoreRefusedException Refused(Exception fault) => new($"PostgreSQL: {Line(fault)}");

    public static StoreUnavailableException Unavailable(Exception fault) => new($"PostgreSQL: {Line(fault)}", fault);

    public static AmbiguousCommitException Ambiguous(Exception fault) => new($"PostgreSQL did not say what became of the commit: {Line(fault)}", fault);

    private static string Line(Exception fault) => fault.Message.ReplaceLineEndings(" ");
}
