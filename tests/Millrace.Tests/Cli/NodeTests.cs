using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class NodeTests
{
    // A message from another node may come at the very end. What throws then, throws on a thread of nobody's, and aborts the process.
    [Fact]
    public async Task What_is_logged_after_the_end_of_a_node_does_no_harm()
    {
        using var folder = new TemporaryFolder();
        var node = Node.Build(new NodeOptions { DataDirectory = folder["node"], Url = $"http://127.0.0.1:{FreePort.Find()}" });
        var late = node.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.Messaging");
        await node.StartAsync(TestContext.Current.CancellationToken);
        await node.StopAsync(TestContext.Current.CancellationToken);
        await node.DisposeAsync();
        late.LogError(new InvalidOperationException("late"), "A message could not be delivered.");
    }
}
