using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Alerts;
using Millrace.Api.Caching;
using Millrace.Api.Tokens;
using Millrace.Gateways.Psp;
using Millrace.Tests.Gateways;
using Xunit;

namespace Millrace.Tests.Architecture;

/// <summary>.NET 10 tells of a connection that ends in the instant in which it is made with the socket's exception, of any other with its own: who expects the one expects both.</summary>
public sealed class LostConnectionTests
{
    // What is spoken through the client library is told in one way.
    private static readonly string[] Through = ["Millrace.Client", "Millrace.OperatorConsole"];

    [Fact]
    public void Who_catches_one_catches_both()
    {
        var lines = Directory.EnumerateDirectories(Repository.Sources).Select(project => Path.GetFileName(project)!).Except(Through).SelectMany(Repository.CodeOf)
            .SelectMany(file => File.ReadLines(file).Select((line, i) => $"{Path.GetFileName(file)}:{i + 1}: {line.Trim()}"))
            .Where(line => line.Contains("catch", StringComparison.Ordinal) && line.Contains("HttpRequestException", StringComparison.Ordinal)
                && !line.Contains("BadHttpRequestException", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count > 10);
        Assert.All(lines, line => Assert.Contains("SocketException", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_shared_cache_is_told_again()
    {
        using var target = new PurgeTarget(new Uri("http://cdn.test/"), new() { GroupHeader = "Surrogate-Key" }, new BrokenConnections());
        target.Add("a");
        Assert.Equal("ConnectionError", await target.SendAsync(TestContext.Current.CancellationToken));
        Assert.Equal((1, 1, false), (target.WaitingCount, target.FailedCount, target.IsWorking));
    }

    [Fact]
    public async Task Prometheus_is_one_that_does_not_answer()
    {
        using var source = new AlertSource(new Uri("http://prometheus.test/"), new FakeTimeProvider(), new BrokenConnections());
        Assert.Null(await source.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_issuer_is_one_that_is_away()
    {
        using var keys = new SigningKeys(new TokenOptions(new Uri("https://issuer.test/"), "millrace"), new FakeTimeProvider(), new BrokenConnections());
        Assert.Null(await keys.GetAsync(false, TestContext.Current.CancellationToken));
        Assert.NotNull(keys.Failure);
    }

    [Fact]
    public async Task The_providers_record_cannot_be_read_now()
    {
        using var http = new HttpClient(new BrokenConnections()) { BaseAddress = new Uri("http://psp.test") };
        using var records = new PspRecords(http);
        await Assert.ThrowsAsync<PspUnavailableException>(() => records.ReadAsync(0, TestContext.Current.CancellationToken));
    }
}
