using System.CommandLine;
using System.Runtime.InteropServices;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Doctor;

/// <summary><c>millrace doctor</c>: what this machine and a data folder are like, and what stands in the way of serving.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "A data folder to look at." };
        var command = new Command("doctor", "Check the machine and a data folder.") { data };
        command.SetAction(async (parsed, _) =>
        {
            var isWell = true;
            Line(true, "runtime", $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores");
            isWell &= Line(true, "sqlite", $"library {SqliteStore.LibraryVersion}, at least 3.51.3 needed");
            if (parsed.GetValue(data) is { } folder)
                isWell &= await CheckFolderAsync(folder);
            return isWell ? 0 : 1;
        });
        return command;
    }

    private static async Task<bool> CheckFolderAsync(string folder)
    {
        if (!Directory.Exists(folder))
            return Line(false, "data", $"there is no folder '{folder}'");
        var disk = new DriveInfo(Path.GetFullPath(folder));
        var isRoomy = Line(disk.AvailableFreeSpace > 1L << 30, "disk", $"{disk.AvailableFreeSpace >> 20} MiB free, 1024 advised");
        try
        {
            await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder });
            return Line(store.IsDurable, "data", $"{store.PartitionCount} partitions, synchronous={store.Synchronous}, {await store.DiskBytesAsync() >> 20} MiB") && isRoomy;
        }
        catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException)
        {
            return Line(false, "data", refused.Message);
        }
    }

    private static bool Line(bool isWell, string what, string finding)
    {
        Console.Out.WriteLine($"{(isWell ? "ok  " : "FAIL")} {what,-8} {finding}");
        return isWell;
    }
}
