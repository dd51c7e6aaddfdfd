using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Millrace.Cli;
using Millrace.Tests.Storage;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The node as a service of systemd.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_service_manager_is_told_that_the_node_serves_that_it_lives_and_that_it_ends()
    {
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));
        var settings = new ServerSettings(_folder["node"])
        {
            Environment = new() { ["NOTIFY_SOCKET"] = _folder["notify"], ["WATCHDOG_USEC"] = "600000" },
        };
        await using var server = ServerProcess.Launch(settings);
        Assert.Equal("READY=1", await HeardAsync(except: "WATCHDOG=1"));
        using (var probe = new HttpClient { BaseAddress = settings.Address })
            Assert.True((await probe.GetAsync("/readyz")).IsSuccessStatusCode);
        Assert.Equal("WATCHDOG=1", await HeardAsync());
        Assert.Equal("WATCHDOG=1", await HeardAsync());
        server.Process.Send(Signal.Term);
        Assert.Equal("STOPPING=1", await HeardAsync(except: "WATCHDOG=1"));
        Assert.Equal(0, await server.Process.ExitAsync(Patience));

        async Task<string> HeardAsync(string? except = null)
        {
            using var limit = new CancellationTokenSource(Patience);
            var buffer = new byte[256];
            while (true)
            {
                var length = await manager.ReceiveAsync(buffer, limit.Token);
                if (Encoding.UTF8.GetString(buffer, 0, length) is var said && said != except)
                    return said;
            }
        }
    }

    [Fact]
    public async Task What_lies_in_the_folder_that_it_is_started_in_is_neither_read_nor_watched()
    {
        // systemd starts it in '/': to watch that is to watch every folder of the machine.
        var folder = Directory.CreateDirectory(_folder["started-in"]);
        folder.CreateSubdirectory("below");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "appsettings.json"), """{"Logging":{"LogLevel":{"Millrace":"Information"}}}""");
        await using var server = await ServerProcess.StartAsync(new ServerSettings(_folder["node"]) { WorkingDirectory = folder.FullName });
        Assert.Equal(0, Watches(server.Process.Id));
        Assert.Equal(0, await server.StopAsync());
        Assert.DoesNotContain(server.Process.Errors, line => line.StartsWith("info: Millrace.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_unit_that_ships_is_well_formed_and_confined()
    {
        var unit = _folder["millrace.service"];
        // The checker wants the program to be there.
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy", "systemd", "millrace.service"));
        await File.WriteAllTextAsync(unit, text.Replace("/opt/millrace/millrace", Environment.ProcessPath, StringComparison.Ordinal));
        Assert.Equal((0, ""), await AnalyzeAsync("verify", "--man=no", unit));
        var command = text.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        Assert.Empty(CommandLine.Create().Parse(command.Split(' ')[1..]).Errors);
        Assert.Contains("--psp https://", command, StringComparison.Ordinal);
        // Of 10, which is no confinement at all.
        var (exit, words) = await AnalyzeAsync("security", "--offline=true", "--threshold=20", unit);
        Assert.True(exit == 0, words);
    }

    // proc(5): a line for each folder that is watched.
    private static int Watches(int process) => Directory.EnumerateFiles($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/fdinfo").Sum(file =>
    {
        try
        {
            return File.ReadLines(file).Count(line => line.StartsWith("inotify ", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return 0;
        }
    });

    private static async Task<(int Exit, string Words)> AnalyzeAsync(params string[] arguments)
    {
        await using var process = new ChildProcess(new ProcessStartInfo("/usr/bin/systemd-analyze", arguments));
        return (await process.ExitAsync(Patience), string.Join('\n', process.Errors.Concat(arguments[0] == "security" ? process.Output : [])));
    }
}
