using System.Diagnostics;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A small disk that fills up quickly. Needs the right to mount: missing it fails in CI and skips with the reason elsewhere.</summary>
internal sealed class TmpfsMount : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("millrace-disk-");

    public TmpfsMount(int megabytes)
    {
        var (code, words) = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path);
        if (code == 0)
            return;
        _folder.Delete();
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"No small disk could be mounted, so a full one was not tried: {words}");
        Assert.Fail($"No small disk could be mounted: {words}");
    }

    public string Path => _folder.FullName;

    public void Dispose()
    {
        var (code, words) = Run("umount", Path);
        Assert.True(code == 0, words);
        _folder.Delete();
    }

    private static (int Code, string Words) Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            var words = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, words.Trim());
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }
}
