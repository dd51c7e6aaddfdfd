using System.Diagnostics;
using Millrace.Cli.Children;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Children;

public sealed class ChildTests
{
    private const string Sentence = "FATAL EXCEPTION from Orleans.Runtime. Context: I have been told I am dead, so this silo will stop! Reason: ...";

    [Theory]
    [InlineData("echo the end; exit 3", 3)]
    [InlineData("echo the end; exit 0", 0)]
    [InlineData("echo the end; kill -ABRT $$", 134)]
    [InlineData("echo the end; kill -KILL $$", 137)]
    public async Task A_kill_of_a_process_that_has_ended_tells_how_it_ended(string script, int code)
    {
        await using var child = Child.Start(Shell(script));
        Assert.Equal(code, await child.WaitAsync(TestContext.Current.CancellationToken));
        Assert.Equal(code, await child.KillAsync());
        // And tells it again: whoever comes second must not take it for his own doing.
        Assert.Equal(code, await child.KillAsync());
        Assert.Equal("the end\n", child.Output);
    }

    [Fact]
    public async Task A_process_that_a_kill_ended_did_not_end_by_itself()
    {
        await using var child = Child.Start(new ProcessStartInfo("/bin/sleep", ["600"]));
        Assert.Null(await child.KillAsync());
        Assert.True(child.HasExited);
        Assert.Null(await child.KillAsync());
    }

    [Fact]
    public async Task A_server_that_ended_by_itself_is_told_of_by_its_kill()
    {
        // The tests' own program has no such option, and says so.
        await using var node = new NodeProcess(["--no-such-option"], "secret", 1);
        node.Launch();
        await Eventually.Async(() => Task.FromResult(!node.IsRunning), "it has ended");
        var end = await node.KillAsync();
        Assert.NotNull(end);
        Assert.NotEqual(0, end.Code);
        Assert.Contains("option", end.Output, StringComparison.Ordinal);
        Assert.Contains($"exit code {end.Code}, and said last: ", end.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(134, Sentence, true)]
    [InlineData(134, "Unhandled exception. System.InvalidOperationException", false)]
    [InlineData(139, Sentence, false)]
    [InlineData(1, Sentence, false)]
    [InlineData(0, "", false)]
    public void An_end_is_by_design_where_a_node_was_told_that_it_is_dead_and_a_crash_otherwise(int code, string output, bool isByDesign) =>
        Assert.Equal(isByDesign, new OwnEnd(code, output).IsOfOneTakenForDead);

    private static ProcessStartInfo Shell(string script) => new("/bin/sh", ["-c", script]);
}
