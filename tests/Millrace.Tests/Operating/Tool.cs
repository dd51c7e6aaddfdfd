using System.Diagnostics;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>A program of Debian's, run to its end.</summary>
internal static class Tool
{
    public static async Task RunAsync(string program, params string[] arguments)
    {
        await using var process = new ChildProcess(new ProcessStartInfo(program, arguments));
        Assert.True(await process.ExitAsync() == 0, process.Words);
    }
}
