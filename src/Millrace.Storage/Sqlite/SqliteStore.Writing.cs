using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite;

public sealed partial class SqliteStore
{
    private bool _mustReadHeads;

    /// <summary>After an ambiguous commit, learns what became of it. A commit that is not to be seen now never will be:
    /// the next one takes its place in the write-ahead log, and every claim is such a one.</summary>
    private void Ready()
    {
        if (_closed)
            throw new StoreUnavailableException("The store is closed.");
        if (!_mustReadHeads)
            return;
        try
        {
            var last = _journal.Session.Scalar("SELECT coalesce(max(position), 0) FROM journal");
            while (_lastPosition < last)
                ReadHeads(last);
            _mustReadHeads = false;
        }
        catch (SqliteException fault)
        {
            throw SqliteWriter.Unavailable(fault);
        }
    }

    private void ReadHeads(long last)
    {
        foreach (var row in JournalRows.ReadPiece(_journal.Session, _lastPosition + 1, last, only: null, PartitionCount))
        {
            foreach (var batch in row.Batches)
            {
                var head = _heads[batch.Partition];
                var walk = new ChainWalk(batch.Partition, head.Last);
                if (walk.Accept(batch, row.Position))
                    head.Advance(walk.Last);
                head.Damage ??= walk.Damage;
                head.Tail = null;
            }

            if (row.Lost is not null)
            {
                foreach (var head in _heads)
                    head.Damage ??= new JournalCorruptException(head.Partition, head.Last.Seq + 1, row.Lost);
            }

            _lastPosition = row.Position;
        }
    }

    /// <summary>Runs a write whose ambiguous end is harmless: it is done again from the start.</summary>
    private static void InTransaction(SqliteWriter writer, Action<SqliteSession> write)
    {
        writer.Begin();
        try
        {
            write(writer.Session);
        }
        catch (Exception fault)
        {
            writer.Rollback();
            if (fault is SqliteException sqlite)
                throw SqliteWriter.Unavailable(sqlite);
            throw;
        }

        try
        {
            writer.Commit();
        }
        catch (AmbiguousCommitException fault)
        {
            throw new StoreUnavailableException(fault.Message, fault);
        }
    }
}
