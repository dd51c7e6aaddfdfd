using System.Text;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>A moment on the command line is the same on every machine.</summary>
public sealed class TimeOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("2026-10-05T12:00:00", "2026-10-05T12:00:00")]
    [InlineData("2026-10-05T12:00:00Z", "2026-10-05T12:00:00")]
    [InlineData("2026-10-05T12:00:00+02:00", "2026-10-05T10:00:00")]
    public async Task Without_an_offset_it_is_in_UTC_wherever_the_command_runs(string given, string expected)
    {
        var start = MillraceExecutable.With("orders", "hold", "ord_06F6JZ1M9G3XW0H4K2QN8T5R7C", "--kind", "fraud", "--expires", given, "--curl", "--url", "http://127.0.0.1:1", "--key", "k");
        start.Environment["TZ"] = FourHoursWest();
        await using var process = new ChildProcess(start);
        Assert.True(await process.ExitAsync(TimeSpan.FromMinutes(1)) == 0, process.Words);
        Assert.Contains(expected, string.Join('\n', process.Output), StringComparison.Ordinal);
    }

    // A zone of one rule (RFC 8536, version 1): no machine need have the files of all zones.
    private string FourHoursWest()
    {
        byte[] counts = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4];
        byte[] offset = [0xFF, 0xFF, 0xC7, 0xC0];
        byte[] zone = [.. "TZif"u8, 0, .. new byte[15], .. counts, .. offset, 0, 0, .. Encoding.ASCII.GetBytes("WST\0")];
        File.WriteAllBytes(_folder["zone"], zone);
        return _folder["zone"];
    }
}
