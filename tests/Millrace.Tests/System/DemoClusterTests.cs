using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The demo over three nodes: its visitors kill one, and see it come back.</summary>
public sealed partial class DemoClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_visitor_kills_a_node_the_shop_goes_on_and_the_node_comes_back()
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Find().ToString(CultureInfo.InvariantCulture)}");
        await using var demo = new ChildProcess(MillraceExecutable.With(
            "demo", "--nodes", "3", "--data", _folder["demo"], "--urls", address.ToString(), "--rate", "10"));
        await Eventually.Async(
            () => demo.HasExited ? throw new InvalidOperationException(demo.Words) : Task.FromResult(demo.Words.Contains("Ctrl-C stops it.", StringComparison.Ordinal)),
            "the demo trades", MillraceCommand.Patience);
        var key = Key().Match(demo.Words).Value;
        using var visitor = new ConsoleVisitor(address);
        var others = Node().Matches((await visitor.GetAsync("/demo")).Body).ToDictionary(m => m.Groups["name"].Value, m => new Uri("http://" + m.Groups["address"].Value));
        Assert.Equal(["node-2", "node-3"], others.Keys.Order());

        // Who has signed in at one node is known to the others.
        using var signedIn = new ConsoleVisitor(others["node-2"]);
        Assert.Equal(302, (await signedIn.SignInAsync(key)).Status);
        using var elsewhere = new ConsoleVisitor(others["node-3"]);
        elsewhere.Cookies.Add(others["node-3"], signedIn.Cookies.GetAllCookies().Single(cookie => cookie.Name == "millrace_session"));
        Assert.Equal(200, (await elsewhere.GetAsync("/orders")).Status);

        // Who has signed in can break no more than his key may.
        using var shop = new ApiClient(others["node-3"], key);
        var viewer = (await shop.PostAsync("/v1/api-keys", """{"name":"a viewer","scopes":["viewer"]}""", "viewer")).Text("key");
        using var guest = new ConsoleVisitor(address);
        await Eventually.Async(async () => (await guest.SignInAsync(viewer)).Status == 302, "all nodes know the key");
        Assert.StartsWith("/demo?problem=", (await guest.PostAsync("/demo/kill", ("form_token", await guest.FormTokenAsync("/demo")), ("node", "node-2"))).Location, StringComparison.Ordinal);

        var token = await visitor.FormTokenAsync("/demo");
        Assert.StartsWith("/demo?notice=Done", (await visitor.PostAsync("/demo/charge", ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Contains("no%20such%20node", (await visitor.PostAsync("/demo/kill", ("form_token", token), ("node", "node-1"))).Location, StringComparison.Ordinal);
        Assert.Contains("node-2%20is%20dead", (await visitor.PostAsync("/demo/kill", ("form_token", token), ("node", "node-2"))).Location, StringComparison.Ordinal);
        Assert.Contains("dead; it is started again", (await visitor.GetAsync("/demo")).Body, StringComparison.Ordinal);
        var order = Bodies.Order("MUG").With("currency", "GBP").ToJsonString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Eventually.AsyncOf(
            () => shop.PlaceAsync(order, $"after-{i}", "Prefer: wait=10"), answer => answer.Status is 200 or 201, "the others go on")));
        Assert.All(answers, answer => Assert.Equal("confirmed", answer.Text("status")));
        await Eventually.Async(async () => !(await visitor.GetAsync("/demo")).Body.Contains("dead; it is", StringComparison.Ordinal), "it is started again", MillraceCommand.Patience);
        // Whichever node compared them when one of them died.
        await Eventually.Async(async () => (await visitor.GetAsync("/payments")).Body.Contains("42.00 EUR", StringComparison.Ordinal), "the stray charge is told", MillraceCommand.Patience);

        demo.Send(Signal.Term);
        Assert.True(await demo.ExitAsync(MillraceCommand.Patience) == 0, demo.Words);
    }

    [Theory]
    [InlineData("--nodes", "9", "--nodes is 1 to 5.")]
    [InlineData("--rate", "-1", "--rate is 0 to 1000.")]
    [InlineData("--urls", "http://0.0.0.0:8199", "whoever comes to a demo is signed in")]
    [InlineData("--urls", "http://nohost.invalid:8199", "whoever comes to a demo is signed in")]
    [InlineData("--urls", "127.0.0.1:8199", "is no http URL")]
    [InlineData("--urls", "http://127.0.0.1:99999", "is no http URL")]
    public async Task What_a_demo_cannot_do_is_refused(string option, string value, string because)
    {
        await using var demo = new ChildProcess(MillraceExecutable.With("demo", option, value, "--data", _folder["demo"]));
        Assert.Equal(2, await demo.ExitAsync());
        Assert.Contains(because, demo.Words, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["demo"]));
    }

    [GeneratedRegex("mr_live_[A-Za-z0-9_-]+", RegexOptions.None, 1_000)]
    private static partial Regex Key();

    [GeneratedRegex("Kill (?<name>node-[0-9])</button><small>(?<address>[0-9.:]+)<", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Node();
}
