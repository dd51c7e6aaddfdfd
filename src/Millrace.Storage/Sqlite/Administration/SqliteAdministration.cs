using Microsoft.Data.Sqlite;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Migrations;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Administration;

/// <summary>
/// The administration of a data folder, in a file beside the store. Unlike the store it is shared: the command line makes keys while a server
/// runs, or before its first start.
/// </summary>
public sealed partial class SqliteAdministration : IAdministration, IDisposable
{
    /// <summary>In the data folder. Holds hashes of keys, none from which a key can be read, and the store's own secrets; only its owner may read it.</summary>
    public const string FileName = "admin.db";

    private const int CheckpointPages = 100;
    private const int CacheMegabytes = 1;
    private readonly Lock _turn = new();
    private readonly SqliteWriter _file;

    private SqliteAdministration(SqliteWriter file) => _file = file;

    /// <summary>Whether a data folder has one.</summary>
    public static bool IsIn(string directory) => File.Exists(Path.Combine(directory, FileName));

    /// <param name="directory">The data folder; made when missing.</param>
    /// <param name="mayUpgrade">False refuses a file of an earlier version.</param>
    /// <exception cref="StoreRefusedException">The file is not ours, or newer than this program.</exception>
    /// <exception cref="StoreUnavailableException">The disk failed.</exception>
    public static SqliteAdministration Open(string directory, bool mayUpgrade = true)
    {
        SqliteConnectionFactory.RequireLibrary();
        var path = Path.Combine(directory, FileName);
        try
        {
            DurableFiles.CreateFolder(directory);
            DurableFiles.MakeFile(path);
            var factory = new SqliteConnectionFactory(path, SqliteSynchronous.Full, CheckpointPages, CacheMegabytes);
            var session = factory.OpenWriter();
            var file = new SqliteWriter(factory, session);
            try
            {
                SchemaMigrations.Apply(session, path, "Administration", mayUpgrade);
                return new SqliteAdministration(file);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StoreUnavailableException($"{path} cannot be used: {fault.Message}", fault);
        }
    }

    public ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(long after, int most, CancellationToken cancellation) => Run(session =>
    {
        var select = session.Statement("SELECT seq, at, actor_kind, actor, tenant, action, subject, detail, chain FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2");
        return ReadEntries(select.Bind(1, after).Bind(2, (long)most));
    });

    public ValueTask<IReadOnlyList<AuditEntry>> FindAuditAsync(string tenant, bool withInstallation, long after, int most, CancellationToken cancellation) => Run(session =>
    {
        var select = session.Statement("""
            SELECT seq, at, actor_kind, actor, tenant, action, subject, detail, chain FROM audit
            WHERE seq > ?1 AND (tenant = ?3 OR (?4 AND tenant IS NULL)) ORDER BY seq LIMIT ?2
            """);
        return ReadEntries(select.Bind(1, after).Bind(2, (long)most).Bind(3, tenant).Bind(4, withInstallation ? 1L : 0L));
    });

    public ValueTask<bool> TryAppendAuditAsync(AuditEntry entry, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Run(session => Write(session, () =>
        {
            if (session.Scalar("SELECT coalesce(max(seq), 0) FROM audit") != entry.Seq - 1)
                return false;
            session.Statement("INSERT INTO audit (seq, at, actor_kind, actor, tenant, action, subject, detail, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
                .Bind(1, entry.Seq).Bind(2, entry.AtUnixMs).Bind(3, (long)entry.Actor.Kind).Bind(4, entry.Actor.Name).Bind(5, entry.Tenant)
                .Bind(6, entry.Action).Bind(7, entry.Subject).Bind(8, entry.Detail).Bind(9, entry.Chain).Run();
            return true;
        }));
    }

    public ValueTask<byte[]> GetSecretAsync(string name, byte[] candidate, CancellationToken cancellation) => Run(session =>
    {
        if (Read() is { } known)
            return known;
        Write(session, () =>
        {
            session.Statement("INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING").Bind(1, name).Bind(2, (ReadOnlySpan<byte>)candidate).Run();
            return true;
        });
        return Read()!;

        byte[]? Read()
        {
            var select = session.Statement("SELECT value FROM secret WHERE name = ?1").Bind(1, name);
            using var scope = select.Use();
            return select.Step() ? select.Blob(0).ToArray() : null;
        }
    });

    public ValueTask<IReadOnlyDictionary<string, long>> ReadKeyUsesAsync(CancellationToken cancellation) => Run(session =>
    {
        var uses = new Dictionary<string, long>(StringComparer.Ordinal);
        var select = session.Statement("SELECT key, last_used FROM key_use");
        using var scope = select.Use();
        while (select.Step())
            uses[select.Text(0)] = select.Int64(1);
        return (IReadOnlyDictionary<string, long>)uses;
    });

    public async ValueTask RecordKeyUsesAsync(IReadOnlyDictionary<string, long> lastUsedUnixMs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(lastUsedUnixMs);
        await Run(session => Write(session, () =>
        {
            foreach (var (key, at) in lastUsedUnixMs)
                session.Statement("INSERT INTO key_use (key, last_used) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET last_used = max(last_used, excluded.last_used)")
                    .Bind(1, key).Bind(2, at).Run();
            return true;
        })).ConfigureAwait(false);
    }

    /// <summary>Writes a consistent copy, while it is used.</summary>
    /// <param name="directory">Must not hold one.</param>
    public void CopyTo(string directory)
    {
        var copy = Path.Combine(directory, FileName);
        DurableFiles.MakeFile(copy);
        lock (_turn)
            _file.Session.Execute($"VACUUM INTO '{copy.Replace("'", "''", StringComparison.Ordinal)}'");
    }

    public void Dispose()
    {
        lock (_turn)
            _file.Dispose();
    }

    private static IReadOnlyList<AuditEntry> ReadEntries(SqliteStatement select)
    {
        var entries = new List<AuditEntry>();
        using var scope = select.Use();
        while (select.Step())
        {
            entries.Add(new AuditEntry(
                select.Int64(0), select.Int64(1), new Actor((ActorKind)select.Int64(2), select.TextOrNull(3)), select.TextOrNull(4),
                select.Text(5), select.Text(6), select.Text(7), select.Text(8)));
        }

        return entries;
    }

    private bool Write(SqliteSession session, Func<bool> change)
    {
        _file.Begin();
        try
        {
            if (!change())
            {
                _file.Rollback();
                return false;
            }
        }
        catch
        {
            _file.Rollback();
            throw;
        }

        _file.Commit();
        return true;
    }

    // Each takes microseconds, or a sync of the disk: no thread is held up for long.
    private ValueTask<T> Run<T>(Func<SqliteSession, T> act)
    {
        lock (_turn)
        {
            try
            {
                return ValueTask.FromResult(act(_file.Session));
            }
            catch (SqliteException fault)
            {
                throw SqliteWriter.Unavailable(fault);
            }
            catch (AmbiguousCommitException fault)
            {
                throw new StoreUnavailableException(fault.Message, fault);
            }
        }
    }
}
