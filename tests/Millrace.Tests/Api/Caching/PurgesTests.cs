using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Api;
using Millrace.Api.Caching;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Caching;

public sealed class PurgesTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private RecordingCdn _cdn = null!;

    public async ValueTask InitializeAsync() => _cdn = await RecordingCdn.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _cdn.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Theory]
    [InlineData("Surrogate-Key", "a b")]
    [InlineData("Cache-Tag", "a,b")]
    public async Task Groups_that_gather_are_told_together_and_each_once(string header, string expected)
    {
        using var purges = Create(header);
        foreach (var group in new[] { "a", "b", "a", "b", "b" })
            purges.Add(group);
        await purges.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => Task.FromResult(_cdn.Told.Count > 0), "the cache is told");
        await purges.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal("secret|" + expected, Assert.Single(_cdn.Told));
    }

    [Fact]
    public async Task Two_groups_at_once_are_no_reason_to_tell_of_none()
    {
        using var purges = Create();
        await purges.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 50; i++)
        {
            purges.Add($"a{i}");
            purges.Add($"b{i}");
            await Eventually.Async(() => Task.FromResult(_cdn.Told.Any(told => told.Split('|', ' ', ',').Contains($"b{i}"))), "the cache is told");
        }

        await purges.StopAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("secret|", _cdn.Told);
    }

    [Fact]
    public async Task What_the_cache_does_not_take_is_told_again_and_meanwhile_nothing_is_promised()
    {
        _cdn.Status = StatusCodes.Status503ServiceUnavailable;
        using var purges = Create();
        await purges.StartAsync(TestContext.Current.CancellationToken);
        purges.Add("a");
        await Eventually.Async(() => Task.FromResult(_cdn.Told.Count > 1 && !purges.IsWorking), "it is tried again");
        purges.Add("b");
        _cdn.Status = StatusCodes.Status204NoContent;
        await Eventually.Async(() => Task.FromResult(purges.IsWorking), "it is taken");
        await purges.StopAsync(TestContext.Current.CancellationToken);
        // The one that it took, whether or not the second group was there in time for it.
        Assert.Contains("b", string.Concat(_cdn.Told), StringComparison.Ordinal);
        Assert.Contains("a", _cdn.Told.Last(told => told != "secret|b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_can_wait_becomes_everything_and_nothing_is_forgotten()
    {
        using var purges = Create();
        for (var i = 0; i <= Purges.MostWaiting; i++)
            purges.Add("group-" + i);
        purges.Add("one more");
        await purges.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => Task.FromResult(_cdn.Told.Count > 0), "the cache is told");
        await purges.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal("secret|" + Purges.Everything, Assert.Single(_cdn.Told));
    }

    private Purges Create(string header = "Surrogate-Key") =>
        new(_cdn.Options(header), new ApiMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<Purges>.Instance);
}
