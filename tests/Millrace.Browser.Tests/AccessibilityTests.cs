using Microsoft.Playwright;
using Xunit;

namespace Millrace.Browser.Tests;

/// <summary>What a program can see of WCAG 2.2, level AA: names, order of headings, tables' headers, contrast of every text.</summary>
[Collection(Consoles.Name)]
public sealed class AccessibilityTests(ConsoleServer server)
{
    private static readonly string Rules = ReadRules();

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Every_page_can_be_read_and_used_by_all(ColorScheme scheme)
    {
        var (order, job) = (await server.PlaceAsync(), await server.StartJobAsync());
        await using var tab = await server.OpenAsync(scheme, expected: "404");
        await tab.Page.GotoAsync("/sign-in");
        Assert.Empty(await OffencesAsync(tab.Page));
        await tab.SignInAsync(server.Key);
        foreach (var path in new[] { "/", "/orders", "/orders/" + order, "/orders/ord_none", "/orders?customer=nobody", "/attention", "/operations", "/operations/new?status=confirmed", "/operations/" + job, "/stock", "/stock?sku=" + ConsoleServer.Sku, "/events", "/webhooks", "/payments", "/cluster", "/limits", "/auditor", "/keys", "/audit" })
        {
            await tab.Page.GotoAsync(path);
            Assert.Empty((await OffencesAsync(tab.Page)).Select(offence => $"{path}: {offence}"));
        }
    }

    [Fact]
    public async Task The_rules_see_what_is_wrong()
    {
        await using var tab = await server.OpenAsync();
        await tab.Page.GotoAsync("/sign-in");
        await tab.Page.EvaluateAsync("""
            () => {
              const main = document.querySelector('main');
              main.insertAdjacentHTML('beforeend', '<h4>far down</h4><input name="x"><img><button></button><table><tr><td>1</td></tr></table><p class="pale">pale</p>');
              main.querySelector('.pale').style.color = '#bbb';
            }
            """);
        var offences = await OffencesAsync(tab.Page);
        foreach (var rule in new[] { "heading", "input", "image", "button", "table", "contrast" })
            Assert.Contains(offences, offence => offence.StartsWith(rule, StringComparison.Ordinal));
    }

    private static Task<string[]> OffencesAsync(IPage page) => page.EvaluateAsync<string[]>(Rules);

    private static string ReadRules()
    {
        using var reader = new StreamReader(typeof(AccessibilityTests).Assembly.GetManifestResourceStream("accessibility.js")!);
        return reader.ReadToEnd();
    }
}
