using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.Tests.EndToEnd;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Millrace.Browser.Tests;

[Collection(Consoles.Name)]
public sealed partial class ConsoleBrowserTests(ConsoleServer server)
{
    private const int MostBytesOfFirstPage = 150 * 1024;
    private const string ChartIsDrawn = "() => document.querySelector('#rates canvas') !== null";

    [Fact]
    public async Task A_wrong_key_is_refused_and_a_right_one_leads_to_the_page_that_was_asked_for()
    {
        await using var tab = await server.OpenAsync(expected: "401");
        await tab.Page.GotoAsync("/stock?sku=MUG");
        await tab.Page.GetByLabel("API key").FillAsync("mr_live_wrong");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("That is no live API key.");
        await tab.Page.GetByLabel("API key").FillAsync(server.Key);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Name = "Stock" })).ToBeVisibleAsync();
        Assert.EndsWith("/stock?sku=MUG", tab.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tiles_and_charts_move_by_themselves_in_two_tabs_at_once()
    {
        await using var traffic = server.Traffic();
        await using var tab = await server.OpenAsync(signInWith: server.Key);
        var other = await tab.AnotherAsync();
        await other.GotoAsync("/");
        foreach (var page in new[] { tab.Page, other })
        {
            await Tab.UntilAsync(page, ChartIsDrawn);
            await Tab.UntilAsync(page, "() => +document.getElementById('tile-placed').textContent > 0");
            // The picture itself, twice.
            await page.EvaluateAsync("() => { window.before = document.querySelector('#rates canvas').toDataURL(); window.commits = document.getElementById('tile-commits').textContent; }");
        }

        foreach (var page in new[] { tab.Page, other })
        {
            await Tab.UntilAsync(page, "() => document.querySelector('#rates canvas').toDataURL() !== window.before && document.getElementById('tile-commits').textContent !== window.commits");
            await Expect(page.Locator("#freshness")).ToHaveTextAsync("live");
        }

        await tab.TakePictureAsync("overview");
    }

    [Fact]
    public async Task Events_appear_as_they_happen_and_stand_still_when_refresh_is_off()
    {
        await using var tab = await server.OpenAsync(signInWith: server.Key);
        await tab.Page.GotoAsync("/events");
        await Expect(tab.Page.Locator("#freshness")).ToHaveTextAsync("live");
        var first = await server.PlaceAsync();
        await Expect(tab.Page.Locator("#tail tr", new() { HasText = first }).First).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#tail tr", new() { HasText = first }).First.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", "/orders/" + first);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Refresh" }).ClickAsync();
        await Expect(tab.Page.Locator("#freshness")).ToHaveTextAsync("refresh is off");
        var (unseen, shown) = (await server.PlaceAsync(), await tab.Page.Locator("#tail tr").CountAsync());
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Refresh" }).ClickAsync();
        // From now on, and not what happened meanwhile: a stream has begun once it has told something.
        await Eventually.Async(async () =>
        {
            await server.PlaceAsync();
            return await tab.Page.Locator("#tail tr").CountAsync() > shown;
        }, "it goes on");
        Assert.Equal(0, await tab.Page.Locator("#tail tr", new() { HasText = unseen }).CountAsync());
    }

    [Fact]
    public async Task An_order_found_in_the_list_is_canceled_with_a_reason()
    {
        var order = await server.PlaceAsync();
        await using var tab = await server.OpenAsync(signInWith: server.Key);
        await tab.Page.GotoAsync("/orders");
        // The list is as of the last checkpoint, and refreshes itself.
        await tab.Page.Locator($"a[href='/orders/{order}']").ClickAsync();
        var cancel = tab.Page.Locator("form[action$='/cancel']");
        await cancel.GetByLabel("Reason").FillAsync("changed their mind");
        await cancel.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(tab.Page.Locator(".facts .status")).ToHaveTextAsync("canceled", new() { Timeout = 15_000 });
        await Expect(tab.Page.Locator(".timeline")).ToContainTextAsync("changed their mind");
        await Expect(cancel.GetByRole(AriaRole.Button)).ToBeDisabledAsync();
        await Expect(cancel).ToContainTextAsync("It has ended.");
    }

    [Fact]
    public async Task The_slider_shows_an_order_as_it_was_and_what_is_marked_is_held()
    {
        var order = await server.PlaceAsync();
        await using var tab = await server.OpenAsync(signInWith: server.Key);
        await tab.Page.GotoAsync("/orders");
        await tab.Page.GetByLabel("Mark " + order).CheckAsync();
        await tab.Page.GetByLabel("Reason").FillAsync("call them first");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Hold" }).ClickAsync();
        await Expect(tab.Page.Locator(".notice")).ToHaveTextAsync("Done for 1.");

        await tab.Page.GotoAsync("/orders/" + order);
        await Expect(tab.Page.Locator(".timeline")).ToContainTextAsync("call them first");
        var slider = tab.Page.GetByRole(AriaRole.Slider);
        await slider.FocusAsync();
        await tab.Page.Keyboard.PressAsync("Home");
        await Expect(tab.Page.Locator(".notice")).ToContainTextAsync("As it was after event");
        await Expect(tab.Page.Locator(".facts .status")).ToHaveTextAsync("pending");
        await Expect(slider).ToBeFocusedAsync();
        await tab.Page.Keyboard.PressAsync("End");
        await Expect(tab.Page.Locator(".facts .status")).ToHaveTextAsync("confirmed");
        await Expect(tab.Page.Locator(".notice")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_keyboard_alone_signs_in_and_reaches_an_order()
    {
        var order = await server.PlaceAsync();
        await using var tab = await server.OpenAsync();
        var keyboard = tab.Page.Keyboard;
        await tab.Page.GotoAsync("/orders");
        await Expect(tab.Page.GetByLabel("API key")).ToBeFocusedAsync();
        await keyboard.TypeAsync(server.Key);
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Enter");
        await tab.Page.WaitForURLAsync("**/orders");
        await keyboard.PressAsync("Tab");
        await Expect(tab.Page.Locator(":focus")).ToHaveTextAsync("Skip to content");
        Assert.Equal("2px", await tab.Page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineWidth"));
        await keyboard.PressAsync("/");
        await Expect(tab.Page.GetByLabel("Id, your own number, or a key")).ToBeFocusedAsync();
        await keyboard.TypeAsync(order);
        await keyboard.PressAsync("Enter");
        await Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(order);
    }

    [Fact]
    public async Task Dark_and_light_are_as_the_reader_has_them()
    {
        await using var tab = await server.OpenAsync(ColorScheme.Dark);
        await tab.Page.GotoAsync("/sign-in");
        var dark = await BackgroundAsync(tab.Page);
        await tab.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        Assert.NotEqual(dark, await BackgroundAsync(tab.Page));
    }

    [Fact]
    public async Task A_page_says_that_it_is_old_while_its_node_is_away_and_recovers_by_itself()
    {
        await using var tab = await server.OpenAsync(signInWith: server.Key, expected: "net::ERR_");
        await Expect(tab.Page.Locator("#freshness")).ToHaveTextAsync("live");
        await server.KillAsync();
        await Expect(tab.Page.Locator("#freshness.stale")).ToHaveTextAsync(Age(), new() { Timeout = 10_000 });
        await server.StartAgainAsync();
        await Expect(tab.Page.Locator("#freshness")).ToHaveTextAsync("live", new() { Timeout = 15_000 });
    }

    [Fact]
    public async Task The_first_page_is_small()
    {
        await using var tab = await server.OpenAsync();
        await tab.SignInAsync(server.Key);
        var devtools = await tab.Page.Context.NewCDPSessionAsync(tab.Page);
        await devtools.SendAsync("Network.enable");
        await devtools.SendAsync("Network.clearBrowserCache");
        var (bytes, requests) = (0d, 0);
        devtools.Event("Network.loadingFinished").OnEvent += (_, finished) => (bytes, requests) = (bytes + finished!.Value.GetProperty("encodedDataLength").GetDouble(), requests + 1);
        await tab.Page.GotoAsync("/");
        await tab.UntilAsync(ChartIsDrawn);
        await Expect(tab.Page.Locator("#freshness")).ToHaveTextAsync("live");
        Assert.True(requests >= 6, $"{requests} requests");
        Assert.InRange(bytes, 10_000, MostBytesOfFirstPage);
    }

    [Fact]
    public async Task A_key_that_may_only_read_sees_why_it_can_do_nothing()
    {
        var order = await server.PlaceAsync();
        await using var tab = await server.OpenAsync(signInWith: server.ViewerKey);
        await tab.Page.GotoAsync("/orders/" + order);
        foreach (var button in await tab.Page.Locator("#act button").AllAsync())
            await Expect(button).ToBeDisabledAsync();
        await Expect(tab.Page.Locator("form[action$='/cancel']")).ToContainTextAsync("Your key lacks the scope orders:write.");
        await Expect(tab.Page.Locator(".who")).ToContainTextAsync("read only");
        await Expect(tab.Page.Locator("header nav")).Not.ToContainTextAsync("Keys");
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

    [GeneratedRegex(@"^\d+ s old$", RegexOptions.None, 1_000)]
    private static partial Regex Age();
}
