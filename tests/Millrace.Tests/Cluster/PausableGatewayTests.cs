using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Cluster.Payments;
using Millrace.Engine.Payments;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>Two nodes that share their records, and a provider that counts.</summary>
public sealed class PausableGatewayTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteAdministration _records;
    private readonly PausedProviders _here;
    private readonly PausedProviders _there;
    private readonly CountingGateway _provider = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly PausableGateway _gateway;

    public PausableGatewayTests()
    {
        _records = SqliteAdministration.Open(_folder.Path);
        (_here, _there) = (new PausedProviders(_records, TimeProvider.System), new PausedProviders(_records, TimeProvider.System));
        _gateway = new PausableGateway(_provider, _here, new PauseMetrics(_services.GetRequiredService<IMeterFactory>(), _here));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _gateway.Dispose();
        _services.Dispose();
        _records.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_asked_of_a_paused_provider_waits_and_is_asked_once_when_it_is_resumed_at_another_node()
    {
        await _there.PauseAsync("psp", "ada", Cancellation);
        await _here.RefreshAsync(Cancellation);
        Assert.Equal(("psp", "ada"), (Assert.Single(_here.All).Name, _here.All[0].By));
        var held = Enumerable.Range(1, 50).Select(number => _gateway.ExecuteAsync(Request("psp", number), Cancellation).AsTask()).ToList();
        Assert.IsType<PaymentOutcome.Succeeded>(await _gateway.ExecuteAsync(Request("other", 1), Cancellation));
        Assert.Equal(["other"], _provider.Asked.Select(request => request.Psp));
        Assert.DoesNotContain(held, call => call.IsCompleted);

        await _there.ResumeAsync("psp", Cancellation);
        Assert.DoesNotContain(held, call => call.IsCompleted);
        await _here.RefreshAsync(Cancellation);
        Assert.All(await Task.WhenAll(held), outcome => Assert.IsType<PaymentOutcome.Succeeded>(outcome));
        Assert.Equal(Enumerable.Range(1, 50), _provider.Asked.Where(request => request.Psp == "psp").Select(request => request.Number).Order());
        // Another owner may have asked for the same meanwhile, and the provider have forgotten the key: it is looked at first.
        Assert.All(_provider.Asked, request => Assert.Equal(request.Psp == "psp" ? 2 : 1, request.Attempt));
        // A few at a time: the gateway's own queue is not for all that have waited.
        Assert.InRange(_provider.MostAtOnce, 1, 17);
        Assert.Empty(_here.All);
    }

    [Fact]
    public async Task A_node_that_stops_lets_go_of_what_waits_and_asks_nothing()
    {
        await _here.PauseAsync("psp", null, Cancellation);
        using var stopping = new CancellationTokenSource();
        var held = _gateway.ExecuteAsync(Request("psp", 1), stopping.Token).AsTask();
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        Assert.Empty(_provider.Asked);
    }

    [Fact]
    public async Task A_pause_outlives_the_process_and_is_lifted_once_however_often_that_is_said()
    {
        await _here.PauseAsync("psp", "ada", Cancellation);
        await _there.PauseAsync("psp", "eve", Cancellation);
        var next = new PausedProviders(_records, TimeProvider.System);
        Assert.False(next.IsPaused("psp"));
        await next.RefreshAsync(Cancellation);
        Assert.Equal("ada", Assert.Single(next.All).By);
        await next.ResumeAsync("psp", Cancellation);
        await next.ResumeAsync("psp", Cancellation);
        await _here.RefreshAsync(Cancellation);
        Assert.False(_here.IsPaused("psp"));
    }

    private static PaymentRequest Request(string psp, int number) =>
        new(PaymentOperation.Authorize, psp, default, number, 100, "EUR", "tok", null, 1);

    private sealed class CountingGateway : IPaymentGateway
    {
        private int _inside;

        public ConcurrentQueue<PaymentRequest> Asked { get; } = [];

        public int MostAtOnce { get; private set; }

        public async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
        {
            var inside = Interlocked.Increment(ref _inside);
            lock (Asked)
                MostAtOnce = Math.Max(MostAtOnce, inside);
            Asked.Enqueue(request);
            await Task.Yield();
            Interlocked.Decrement(ref _inside);
            return new PaymentOutcome.Succeeded("done");
        }
    }
}
