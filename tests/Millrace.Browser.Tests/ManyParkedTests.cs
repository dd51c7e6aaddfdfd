using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.Tests.EndToEnd;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Millrace.Browser.Tests;

/// <summary>The morning after a bad night: 100,000 orders wait for a person because of one fault, and three, older than all of them, because of another.</summary>
public sealed partial class ManyParkedTests
{
    private const int Parked = 100_000;
    private const int MostBytesOfPage = 150 * 1024;

    [Fact]
    public async Task A_hundred_thousand_parked_orders_are_seen_by_reason_found_and_tried_again()
    {
        await using var server = new ConsoleServer { Fill = directory => ParkedStore.WriteAsync(directory, ("payment_unknown", 3), ("poison", Parked)) };
        await server.InitializeAsync();
        await using var tab = await server.OpenAsync(signInWith: server.Key);

        // As many of them as a page has, and how many there are.
        var answer = await tab.Page.GotoAsync("/attention");
        Assert.InRange((await answer!.BodyAsync()).Length, 10_000, MostBytesOfPage);
        await Expect(Reason(tab, "poison")).ToContainTextAsync("100,000");
        await Expect(Reason(tab, "poison")).Not.ToContainTextAsync("or more");
        await Expect(Reason(tab, "payment_unknown").Locator(".number")).ToHaveTextAsync("3");
        await Expect(Orders(tab)).ToHaveCountAsync(50);
        await tab.TakePictureAsync("attention");
        var first = await Orders(tab).First.TextContentAsync();
        await tab.Page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(Orders(tab).First).Not.ToHaveTextAsync(first!);
        await Expect(Orders(tab)).ToHaveCountAsync(50);

        // The few are not lost behind the many.
        await Reason(tab, "payment_unknown").GetByRole(AriaRole.Link, new() { Name = "payment_unknown" }).ClickAsync();
        await Expect(Orders(tab)).ToHaveCountAsync(3);
        await Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Name = "payment_unknown" })).ToBeVisibleAsync();

        // All of one reason are tried again, at a rate, and only they.
        await Reason(tab, "poison").GetByRole(AriaRole.Link, new() { Name = "as an operation" }).ClickAsync();
        await tab.Page.Locator("select[name=action]").SelectOptionAsync("retry");
        await tab.Page.GetByLabel("At most a second").FillAsync("100");
        await tab.Page.GetByLabel("At most at all").FillAsync(Parked.ToString(CultureInfo.InvariantCulture));
        await tab.Page.GetByLabel("I mean all that match").CheckAsync();
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Begin" }).ClickAsync();
        await Expect(tab.Page.Locator("#job")).ToContainTextAsync("waiting because of: poison");
        // The page tells of it by itself.
        await tab.UntilAsync("() => +document.getElementById('tile-changed').textContent > 0");
        await Expect(tab.Page.Locator("#job")).ToContainTextAsync("of 100,000");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(tab.Page.Locator("#job .status").First).ToHaveTextAsync("paused");

        await tab.Page.GotoAsync("/attention");
        await Expect(Reason(tab, "poison").Locator(".number")).ToHaveTextAsync(Fewer());
        await Expect(Reason(tab, "payment_unknown").Locator(".number")).ToHaveTextAsync("3");
    }

    private static ILocator Reason(Tab tab, string code) => tab.Page.Locator("#reasons tbody tr", new() { Has = tab.Page.GetByRole(AriaRole.Link, new() { Name = code, Exact = true }) });

    private static ILocator Orders(Tab tab) => tab.Page.Locator("#parked section a[href^='/orders/ord_']");

    [GeneratedRegex(@"^99,\d{3}$", RegexOptions.None, 1_000)]
    private static partial Regex Fewer();
}
