using System.Collections.Concurrent;
using Microsoft.Playwright;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Browser.Tests;

/// <summary>A tab of a browser with its own cookies, which hears what the browser complains of: disposed, it has heard nothing that was not expected.</summary>
public sealed class Tab : IAsyncDisposable
{
    private const string TellViolations = "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))";
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly IBrowserContext _context;
    private readonly string? _expected;

    private Tab(IBrowserContext context, IPage page, string? expected) => (_context, Page, _expected) = (context, page, expected);

    public IPage Page { get; }

    public static async Task<Tab> OpenAsync(IBrowserContext context, string? expected)
    {
        await context.AddInitScriptAsync(TellViolations);
        var tab = new Tab(context, await context.NewPageAsync(), expected);
        tab.Page.SetDefaultTimeout(15_000);
        tab.Listen(tab.Page);
        return tab;
    }

    /// <summary>Another one of the same session.</summary>
    public async Task<IPage> AnotherAsync()
    {
        var page = await _context.NewPageAsync();
        Listen(page);
        return page;
    }

    public async Task SignInAsync(string key)
    {
        await Page.GotoAsync("/sign-in");
        await Page.GetByLabel("API key").FillAsync(key);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Page.WaitForURLAsync(url => !url.Contains("/sign-in", StringComparison.Ordinal));
    }

    /// <summary>Waits until an expression is true on the page.</summary>
    public Task UntilAsync(string expression) => UntilAsync(Page, expression);

    public static Task UntilAsync(IPage page, string expression) => page.WaitForFunctionAsync(expression);

    /// <summary>For the documents, when they are asked for: <c>UPDATE_SCREENSHOTS=1</c>.</summary>
    public async Task TakePictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SCREENSHOTS") == "1")
            await Page.ScreenshotAsync(new() { Path = System.IO.Path.Combine(Repository.Root, "docs", "images", name + ".png") });
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        var odd = _complaints.Where(words => _expected is null || !words.Contains(_expected, StringComparison.Ordinal)).ToList();
        Assert.True(odd.Count == 0, string.Join('\n', odd));
    }

    private void Listen(IPage page)
    {
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
    }
}
