using System.Diagnostics;

namespace Millrace.Cli.Children;

/// <summary>The programs that come with PostgreSQL, and others that run as its user.</summary>
internal static class PostgresPrograms
{
    /// <summary>The superuser of every server that is started here, and the operating system's user that runs it where this process is root's.</summary>
    public const string User = "postgres";

    /// <summary>Where the newest installed version has its programs.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed.</exception>
    public static string Folder => Directory.Exists("/usr/lib/postgresql")
        && Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb"))) is { } found
            ? found
            : throw new InvalidOperationException("PostgreSQL is not installed; on Debian: apt-get install postgresql");

    /// <summary>A program of PostgreSQL's own.</summary>
    public static ProcessStartInfo Command(string program, IEnumerable<string> arguments) => AsUser(Path.Combine(Folder, program), arguments);

    /// <summary>Any program, as a user who may run a server: that refuses to run as root.</summary>
    public static ProcessStartInfo AsUser(string path, IEnumerable<string> arguments)
    {
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(Forking.Setpriv, ["--reuid", User, "--regid", User, "--init-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        start.WorkingDirectory = "/";
        return start;
    }

    /// <summary>A temporary folder that the server's user may write to.</summary>
    public static async Task<string> NewFolderAsync(CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("millrace-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
            await RunToEndAsync(new ProcessStartInfo("chown", [User, folder]), cancellation);
        return folder;
    }

    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task RunToEndAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        await using var process = Child.Start(start);
        if (await process.WaitAsync(cancellation) != 0)
            throw new InvalidOperationException($"{start.FileName} failed: {process.Output}");
    }
}
