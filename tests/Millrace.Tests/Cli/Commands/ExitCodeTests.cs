using System.Globalization;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class ExitCodeTests(CliServer server)
{
    [Fact]
    public async Task Each_code_of_the_table_is_one_that_a_command_ends_with()
    {
        var order = await server.NewOrderAsync();
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var seen = new[]
        {
            (await server.RunAsync(Acting.Done, "orders", "get", order)).Exit,
            (await server.RunAsync(Acting.Failed, "orders", "deliver", order)).Exit,
            (await server.RunAsync(Acting.Usage, "orders", "list", "--limit", "0")).Exit,
            // Nobody listens there.
            (await CliRun.OfAsync(Acting.NoAnswer, "orders", "get", order, "--url", $"http://127.0.0.1:{FreePort.Find()}", "--key", "k", "--timeout", "0.3")).Exit,
            (await server.RunAsync(Acting.NotFound, "orders", "get", "ord_nothing")).Exit,
            (await server.RunAsAsync("mr_live_nonsense", Acting.NotAllowed, "orders", "get", order)).Exit,
            await CliRun.Start(stopped.Token, "orders", "get", order, "--url", server.Url, "--key", server.Key).EndAsync(),
        };
        Assert.Equal(Acting.Codes.Select(row => row.Code), seen);
    }

    [Theory]
    [InlineData("simulate --seeds 1000000 --threads 1")]
    [InlineData("demo --data {0}")]
    public async Task Who_is_stopped_found_nothing_wrong(string line)
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var folder = Path.Combine(server.Folder, "never-opened");
        Assert.Equal(Acting.Stopped, await CliRun.Start(stopped.Token, string.Format(CultureInfo.InvariantCulture, line, folder).Split(' ')).EndAsync());
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_refusal_is_told_on_standard_error_alone_with_its_code()
    {
        var run = await server.RunAsync(Acting.NotFound, "orders", "get", "ord_nothing", "-o", "json");
        Assert.Empty(run.Output);
        Assert.StartsWith("millrace: 404 order_not_found: ", run.Errors, StringComparison.Ordinal);
    }
}
