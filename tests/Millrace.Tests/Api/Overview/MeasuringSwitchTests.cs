using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Overview;

/// <summary>A server of its own: what it stops to measure others would miss.</summary>
public sealed class MeasuringSwitchTests : IAsyncLifetime
{
    private const string Switch = "/v1/_noop/measuring";
    private readonly ApiServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task What_is_done_is_told_while_nobody_measures_and_while_all_do_again()
    {
        await _server.StockAsync("SKU", 10);
        foreach (var which in new[] { "off", "on", "off", "off", "on" })
        {
            Assert.Equal(200, (await _server.SendAsync("POST", $"{Switch}/{which}")).Status);
            var before = await ReadAsync();
            Assert.Equal(201, (await _server.PostAsync("/v1/orders", Bodies.Order("SKU").ToJsonString(), Guid.NewGuid().ToString("N"), "Prefer: wait=30")).Status);
            var after = await ReadAsync();
            Assert.Equal(1, after.Orders - before.Orders);
            Assert.True(after.CpuUs > before.CpuUs && after.Allocated > before.Allocated && after.PauseUs >= before.PauseUs);
        }
    }

    [Fact]
    public async Task Only_an_operator_may_switch()
    {
        foreach (var (method, path) in new[] { ("POST", Switch + "/off"), ("POST", Switch + "/on"), ("GET", Switch) })
            (await _server.SendAsync(method, path, key: _server.NewKey("acme", Millrace.Api.Keys.Scopes.Admin))).Problem(403, "insufficient_scope");
    }

    private async Task<(long Orders, long CpuUs, long PauseUs, long Allocated)> ReadAsync()
    {
        var read = await _server.SendAsync("GET", Switch);
        Assert.Equal(200, read.Status);
        return ((long)read["orders"]!, (long)read["cpu_us"]!, (long)read["gc_pause_us"]!, (long)read["allocated"]!);
    }
}
