using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Domain.Identity;
using Millrace.Engine.Payments;
using Millrace.Gateways.Psp;
using Xunit;

namespace Millrace.Tests.Gateways;

/// <summary>Of a provider that takes one call at a time: who waits for his turn loses nothing by it.</summary>
public sealed class TurnTests : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private readonly HttpPaymentGatewayOptions _options = new() { BaseAddress = new Uri("http://psp.test"), MaxConcurrentCalls = 1 };
    private readonly FakeTimeProvider _time = new();
    private readonly HeldProvider _provider = new();
    private readonly HttpPaymentGateway _gateway;

    public TurnTests() => _gateway = new HttpPaymentGateway(
        new HttpClient(_provider) { BaseAddress = _options.BaseAddress }, _options, _time, NullLogger<HttpPaymentGateway>.Instance);

    [Fact]
    public async Task A_call_that_has_waited_has_its_whole_time_at_the_provider()
    {
        var first = ExecuteAsync(1);
        var call = await _provider.NextAsync();
        var second = ExecuteAsync(2);
        _time.Advance(_options.TurnTimeout - Moment);
        call.Succeed();
        Assert.IsType<PaymentOutcome.Succeeded>(await first);

        call = await _provider.NextAsync();
        _time.Advance(_options.CallTimeout - Moment);
        call.Succeed();
        Assert.IsType<PaymentOutcome.Succeeded>(await second);
    }

    [Fact]
    public async Task A_call_is_cut_when_its_time_at_the_provider_is_over()
    {
        var only = ExecuteAsync(1);
        await _provider.NextAsync();
        _time.Advance(_options.CallTimeout + Moment);
        Assert.Equal(new PaymentOutcome.Unknown("timeout"), await only);
    }

    [Fact]
    public async Task Calls_that_do_not_get_their_turn_are_not_sent_and_are_not_held_against_the_provider()
    {
        var first = ExecuteAsync(1);
        var call = await _provider.NextAsync();
        var waiting = Enumerable.Range(2, 40).Select(ExecuteAsync).ToList();
        _time.Advance(_options.TurnTimeout + Moment);
        Assert.All(await Task.WhenAll(waiting).WaitAsync(HeldProvider.Limit), outcome => Assert.Equal(new PaymentOutcome.Unknown("bulkhead_full"), outcome));
        call.Succeed();
        Assert.IsType<PaymentOutcome.Succeeded>(await first);

        var next = ExecuteAsync(100);
        call = await _provider.NextAsync();
        Assert.EndsWith(":100", call.Key, StringComparison.Ordinal);
        call.Succeed();
        Assert.IsType<PaymentOutcome.Succeeded>(await next);
    }

    [Fact]
    public async Task A_caller_who_leaves_while_he_waits_gives_up_his_place()
    {
        using var leaving = new CancellationTokenSource();
        var first = ExecuteAsync(1);
        var call = await _provider.NextAsync();
        var second = _gateway.ExecuteAsync(Request(2), leaving.Token).AsTask();
        var third = ExecuteAsync(3);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        call.Succeed();
        await first;
        call = await _provider.NextAsync();
        Assert.EndsWith(":3", call.Key, StringComparison.Ordinal);
        call.Succeed();
        Assert.IsType<PaymentOutcome.Succeeded>(await third);
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _provider.Dispose();
    }

    private Task<PaymentOutcome> ExecuteAsync(int number) => _gateway.ExecuteAsync(Request(number), CancellationToken.None).AsTask();

    private static PaymentRequest Request(int number) =>
        new(PaymentOperation.Authorize, "sim", OrderId.Create(1_700_000_000_000, 3, 42), number, 500, "EUR", "tok_visa", null, 1);

    /// <summary>Answers when it is told to.</summary>
    private sealed class HeldProvider : HttpMessageHandler
    {
        public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
        private readonly Channel<HeldCall> _calls = Channel.CreateUnbounded<HeldCall>();

        public Task<HeldCall> NextAsync() => _calls.Reader.ReadAsync().AsTask().WaitAsync(Limit);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var call = new HeldCall(request.Headers.GetValues("Idempotency-Key").Single());
            _calls.Writer.TryWrite(call);
            return await call.Answer.WaitAsync(cancellationToken);
        }
    }

    private sealed class HeldCall(string key)
    {
        private readonly TaskCompletionSource<HttpResponseMessage> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Key => key;

        public Task<HttpResponseMessage> Answer => _answer.Task;

        public void Succeed() => _answer.SetResult(new HttpResponseMessage(HttpStatusCode.Created)
        {
            Content = new StringContent($$"""{"id":"auth_1","amount":500,"reference":"{{key}}"}"""),
        });
    }
}
