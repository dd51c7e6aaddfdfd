using Millrace.Api.Keys;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Pages of another maker, behind the console's own door.</summary>
[Collection(Processes.Name)]
public sealed class OrleansDashboardTests(Shop shop)
{
    [Fact]
    public async Task It_is_there_for_operators_who_are_signed_in_where_it_was_turned_on()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { More = ["--partitions", "4", "--orleans-dashboard"] };
        var (operators, merchants) = (NewKey.Of(settings, "acme", Scopes.SystemOperate | Scopes.OrdersRead), NewKey.Of(settings, "acme", Scopes.Admin));
        await using var server = await ServerProcess.StartAsync(settings);
        using var nobody = new ConsoleVisitor(settings.Address);
        foreach (var path in new[] { "/orleans/", "/orleans/DashboardCounters", "/orleans/version" })
            Assert.StartsWith("/sign-in?to=", (await nobody.GetAsync(path)).Location, StringComparison.Ordinal);
        using var merchant = new ConsoleVisitor(settings.Address);
        await merchant.SignInAsync(merchants);
        Assert.Equal(403, (await merchant.GetAsync("/orleans/DashboardCounters")).Status);

        using var visitor = new ConsoleVisitor(settings.Address);
        await visitor.SignInAsync(operators);
        Assert.Contains("href=\"/orleans/\"", (await visitor.GetAsync("/cluster")).Body, StringComparison.Ordinal);
        Assert.Contains("<title>", (await visitor.GetAsync("/orleans/")).Body, StringComparison.Ordinal);
        var counters = await Eventually.AsyncOf(() => visitor.GetAsync("/orleans/DashboardCounters"), page => page.Status == 200, "it counts");
        Assert.Contains("hosts", counters.Body, StringComparison.Ordinal);
        Assert.NotEqual(200, (await visitor.GetAsync("/orleans/Trace")).Status);
    }

    [Fact]
    public async Task It_is_nowhere_else()
    {
        using var visitor = new ConsoleVisitor(shop.Settings.Address);
        await visitor.SignInAsync(NewKey.Of(shop.Settings, "acme", Scopes.SystemOperate | Scopes.OrdersRead));
        Assert.Equal(404, (await visitor.GetAsync("/orleans/")).Status);
        Assert.DoesNotContain("/orleans", (await visitor.GetAsync("/cluster")).Body, StringComparison.Ordinal);
    }
}
