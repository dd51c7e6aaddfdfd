using System.Diagnostics;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(Processes.Name)]
public sealed class SampleTests(Shop shop)
{
    [Fact]
    public async Task The_sample_places_an_order_and_sees_it_confirmed_and_listed()
    {
        var key = NewKey.Of(shop.Settings, "acme", Scopes.OrdersRead | Scopes.OrdersWrite | Scopes.StockRead);
        using var known = await shop.AdmittedAsync(key);
        var (code, output) = await RunAsync(await shop.NewItemAsync(3), key);
        Assert.True(code == 0, output);
        var order = output.Split(' ')[0];
        Assert.Contains($"{order} is confirmed", output, StringComparison.Ordinal);
        // The list shows it at least as it was when it was placed.
        Assert.Contains($"{order} 250 EUR", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sample_says_why_it_was_refused()
    {
        var (code, output) = await RunAsync("no-such-item", "mr_live_wrong");
        Assert.Equal(1, code);
        Assert.Contains("401 unauthenticated", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(string sku, string key)
    {
        var tests = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var start = new ProcessStartInfo(Path.Combine(tests.Parent!.Parent!.FullName, "Millrace.Samples.PlaceAndWatch", tests.Name, "Millrace.Samples.PlaceAndWatch"), [sku])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["MILLRACE_URL"] = shop.Settings.Address.ToString(), ["MILLRACE_KEY"] = key },
        };
        using var sample = Process.Start(start)!;
        var output = await Task.WhenAll(sample.StandardOutput.ReadToEndAsync(), sample.StandardError.ReadToEndAsync());
        await sample.WaitForExitAsync();
        return (sample.ExitCode, string.Concat(output));
    }
}
