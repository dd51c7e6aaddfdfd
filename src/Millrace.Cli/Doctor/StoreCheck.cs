using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Doctor;

/// <summary>A data folder: whether it opens, and keeps what it acknowledges.</summary>
internal static class StoreCheck
{
    public static async Task<Finding> OfAsync(string folder)
    {
        // Opening would make a store of a folder that has none.
        if (!File.Exists(Path.Combine(folder, SqliteStore.JournalFileName)))
            return new Finding("data", Verdict.Warn, $"there is no store in '{folder}' yet", "'serve' makes one of an empty folder", $"millrace serve --data {Client.Curl.Quoted(folder)}");
        try
        {
            await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder, MayUpgrade = false });
            return Finding.Of("data", store.IsDurable, Verdict.Fail,
                $"{store.PartitionCount} partitions, synchronous={store.Synchronous}, {await store.DiskBytesAsync() >> 20} MiB",
                "an acknowledged order must survive a loss of power", $"millrace verify --data {Client.Curl.Quoted(folder)}");
        }
        catch (StoreInUseException served)
        {
            return new Finding("data", Verdict.Warn, served.Message, "its files were not looked at: that is for when its server has stopped; --url looks at a running one", $"millrace doctor --data {Client.Curl.Quoted(folder)}");
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException)
        {
            return new Finding("data", Verdict.Fail, refused.Message, "a store that does not open is not served", $"millrace verify --data {Client.Curl.Quoted(folder)}");
        }
    }
}
