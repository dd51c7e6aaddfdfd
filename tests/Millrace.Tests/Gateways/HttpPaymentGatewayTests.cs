using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Domain.Identity;
using Millrace.Engine.Payments;
using Millrace.Gateways.Psp;
using Millrace.Tests.PspSimulator;
using Xunit;

namespace Millrace.Tests.Gateways;

public sealed class HttpPaymentGatewayTests
{
    private static readonly OrderId Order = OrderId.Create(1_700_000_000_000, 3, 42);

    [Fact]
    public async Task Money_moves_all_the_way_from_authorization_to_refund()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);

        var authorization = Reference(await ExecuteAsync(gateway, Authorize(1)));
        var capture = await ExecuteAsync(gateway, FollowUp(PaymentOperation.Capture, authorization));
        var refund = await ExecuteAsync(gateway, FollowUp(PaymentOperation.Refund, authorization));
        var voided = await ExecuteAsync(gateway, FollowUp(PaymentOperation.Void, Reference(await ExecuteAsync(gateway, Authorize(2)))));

        Assert.StartsWith("cap_", Reference(capture), StringComparison.Ordinal);
        Assert.StartsWith("re_", Reference(refund), StringComparison.Ordinal);
        Assert.StartsWith("void_", Reference(voided), StringComparison.Ordinal);
        Assert.All(await psp.RecordsAsync(), record => Assert.Equal((Order.ToString(), 500), (record.Order, record.Amount)));
    }

    [Fact]
    public async Task A_provider_that_asks_for_a_key_is_shown_it_whatever_is_asked()
    {
        await using var psp = await PspHost.StartAsync(key: "sk_live_1");
        using var stranger = Gateway(psp);
        using var wrong = Gateway(psp, options => options with { Key = "sk_live_2" });
        using var gateway = Gateway(psp, options => options with { Key = "sk_live_1" });
        Assert.Equal(new PaymentOutcome.Unknown("http_401"), await ExecuteAsync(stranger, Authorize(1)));
        Assert.Equal(new PaymentOutcome.Unknown("http_401"), await ExecuteAsync(wrong, Authorize(1)));

        // With a look for what an earlier attempt may have done.
        var id = Reference(await ExecuteAsync(gateway, Authorize(1) with { Attempt = 2 }));

        using var records = new PspRecords(psp.Address, "sk_live_1");
        Assert.Equal(id, Assert.Single((await records.ReadAsync(0, CancellationToken.None)).Records).Id);
        Assert.Equal(id, Assert.Single(await records.FindAsync(Authorize(1).IdempotencyKey, CancellationToken.None)).Id);
        using var nobody = new PspRecords(psp.Address);
        Assert.Equal("http_401", (await Assert.ThrowsAsync<PspUnavailableException>(() => nobody.ReadAsync(0, CancellationToken.None))).Code);
        var whole = new List<PspRecord>();
        await foreach (var record in new PspRecordReader(psp.Http, "sk_live_1").ReadAllAsync(psp.Address, CancellationToken.None))
            whole.Add(record);
        Assert.Equal(id, Assert.Single(whole).Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\nbreak")]
    [InlineData("\u00fcber")]
    public void A_key_that_no_header_can_hold_is_refused_and_none_is_told(string key)
    {
        Assert.Throws<ArgumentException>(() => new HttpPaymentGatewayOptions { BaseAddress = new Uri("https://psp.example"), Key = key });
        Assert.DoesNotContain("sk_live", new HttpPaymentGatewayOptions { BaseAddress = new Uri("https://psp.example"), Key = "sk_live_1" }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_answer_is_found_by_reference_though_the_key_has_expired_and_charged_exactly_once()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);
        await psp.PutFaultsAsync("""{"lost_answer_rate":1}""");
        Assert.Equal(new PaymentOutcome.Unknown("network"), await ExecuteAsync(gateway, Authorize(1)));
        await psp.PutFaultsAsync("""{"key_expiry_seconds":0}""");

        var second = await ExecuteAsync(gateway, Authorize(1) with { Attempt = 2 });

        Assert.Equal(Assert.Single(await psp.RecordsAsync()).Id, Reference(second));
    }

    [Fact]
    public async Task A_second_attempt_of_what_never_arrived_executes()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);
        await psp.PutFaultsAsync("""{"error_rate":1}""");
        Assert.Equal(new PaymentOutcome.Unknown("http_500"), await ExecuteAsync(gateway, Authorize(1)));
        await psp.PutFaultsAsync("{}");

        var second = await ExecuteAsync(gateway, Authorize(1) with { Attempt = 2 });

        Assert.Equal(Assert.Single(await psp.RecordsAsync()).Id, Reference(second));
    }

    [Fact]
    public async Task An_effect_later_than_the_timeout_and_a_second_attempt_end_as_one_charge()
    {
        var time = new FakeTimeProvider();
        await using var psp = await PspHost.StartAsync(time);
        using var gateway = Gateway(psp, options => options with { CallTimeout = TimeSpan.FromMilliseconds(300) });
        using var patient = Gateway(psp);
        await psp.PutFaultsAsync("""{"latency_ms_p50":60000}""");
        Assert.Equal(new PaymentOutcome.Unknown("timeout"), await ExecuteAsync(gateway, Authorize(1)));
        await psp.PutFaultsAsync("{}");

        var second = await ExecuteAsync(patient, Authorize(1) with { Attempt = 2 });
        time.Advance(TimeSpan.FromMinutes(1));
        // A stop waits for the late request.
        await psp.StopAsync();

        await using var again = await PspHost.StartAgainAsync(psp);
        Assert.Equal(Assert.Single(await again.RecordsAsync()).Id, Reference(second));
    }

    [Theory]
    [InlineData("tok_decline", "card_declined", false)]
    [InlineData("tok_soft_decline", "insufficient_funds", true)]
    public async Task A_decline_is_final_on_every_attempt(string token, string code, bool isSoft)
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);

        var first = await ExecuteAsync(gateway, Authorize(1) with { Token = token });
        var second = await ExecuteAsync(gateway, Authorize(1) with { Token = token, Attempt = 2 });

        Assert.Equal(new PaymentOutcome.Declined(code, isSoft), first);
        Assert.Equal(first, second);
        Assert.Single(await psp.RecordsAsync());
    }

    [Fact]
    public async Task A_conflict_is_declined_with_its_code_on_every_attempt()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);
        var authorization = Reference(await ExecuteAsync(gateway, Authorize(1)));
        var refund = FollowUp(PaymentOperation.Refund, authorization);

        var expected = new PaymentOutcome.Declined("refund_exceeds_captured", IsSoft: false);
        Assert.Equal(expected, await ExecuteAsync(gateway, refund));
        Assert.Equal(expected, await ExecuteAsync(gateway, refund with { Attempt = 2 }));
    }

    [Fact]
    public async Task A_key_or_reference_of_other_money_is_unknown_and_never_declined()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);
        await ExecuteAsync(gateway, Authorize(1));
        var other = Authorize(1) with { AmountMinor = 501 };

        Assert.Equal(new PaymentOutcome.Unknown("key_reused"), await ExecuteAsync(gateway, other));
        Assert.Equal(new PaymentOutcome.Unknown("record_mismatch"), await ExecuteAsync(gateway, other with { Attempt = 2 }));
        Assert.Single(await psp.RecordsAsync());
    }

    [Fact]
    public async Task An_outage_is_unknown_then_opens_the_breaker_which_closes_after_a_probe()
    {
        var time = new FakeTimeProvider();
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp, time: time);
        await psp.PutFaultsAsync("""{"outage":true}""");

        for (var call = 0; call < 20; call++)
            Assert.Equal(new PaymentOutcome.Unknown("http_503"), await ExecuteAsync(gateway, Authorize(100 + call) with { Attempt = 1 + (call % 2) }));
        await psp.PutFaultsAsync("{}");
        Assert.Equal(new PaymentOutcome.Unknown("breaker_open"), await ExecuteAsync(gateway, Authorize(1)));
        Assert.Empty(await psp.RecordsAsync());
        time.Advance(TimeSpan.FromSeconds(6));

        Reference(await ExecuteAsync(gateway, Authorize(1)));
        Reference(await ExecuteAsync(gateway, Authorize(2)));
    }

    [Fact]
    public async Task A_full_bulkhead_is_unknown_and_only_the_callers_cancellation_throws()
    {
        await using var psp = await PspHost.StartAsync(new FakeTimeProvider());
        using var gateway = Gateway(psp, options => options with { MaxConcurrentCalls = 1, MaxWaitingCalls = 0 });
        using var caller = new CancellationTokenSource();
        await psp.PutFaultsAsync("""{"latency_ms_p50":60000}""");
        var stuck = gateway.ExecuteAsync(Authorize(1), caller.Token).AsTask();

        Assert.Equal(new PaymentOutcome.Unknown("bulkhead_full"), await ExecuteAsync(gateway, Authorize(2)));

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
    }

    [Fact]
    public async Task A_connection_that_ends_as_it_begins_is_unknown()
    {
        using var http = new HttpClient(new BrokenConnections()) { BaseAddress = new Uri("http://psp.test") };
        var answer = await new PspClient(http).CallAsync(Authorize(1), CancellationToken.None, TestContext.Current.CancellationToken);
        Assert.Equal(new PaymentOutcome.Unknown("network"), answer.Result.Outcome);
    }

    // An id or a code stays in the order for good.
    [Theory]
    [InlineData(HttpStatusCode.Created, "{}", 1)]
    [InlineData(HttpStatusCode.Created, "null", 1)]
    [InlineData(HttpStatusCode.Created, "<html>", 1)]
    [InlineData(HttpStatusCode.Created, """{"id":"","amount":500,"reference":"KEY"}""", 1)]
    [InlineData(HttpStatusCode.Created, """{"id":"LONG","amount":500,"reference":"KEY"}""", 1)]
    [InlineData(HttpStatusCode.PaymentRequired, """{"soft":true}""", 1)]
    [InlineData(HttpStatusCode.PaymentRequired, """{"code":"LONG"}""", 1)]
    [InlineData(HttpStatusCode.OK, "null", 2)]
    [InlineData(HttpStatusCode.OK, """[{"id":"LONG",RECORD,"status":"done"}]""", 2)]
    [InlineData(HttpStatusCode.OK, """[{"id":"",RECORD,"status":"declined","code":"LONG"}]""", 2)]
    public async Task An_answer_that_is_none_is_unknown(HttpStatusCode status, string body, int attempt)
    {
        var request = Authorize(1) with { Attempt = attempt };
        const string Record = "\"kind\":\"authorize\",\"reference\":\"KEY\",\"order\":\"o\",\"authorization_id\":\"\",\"amount\":500,\"currency\":\"EUR\",\"at\":\"2026-01-31T12:00:00Z\"";
        string Filled(int length) => body.Replace("RECORD", Record, StringComparison.Ordinal).Replace("KEY", request.IdempotencyKey, StringComparison.Ordinal)
            .Replace("LONG", new string('x', length), StringComparison.Ordinal);
        Assert.Equal(new PaymentOutcome.Unknown("bad_answer"), await AnsweredAsync(256));
        // One letter less is one, and of a refusal the id means nothing.
        if (body.Contains("LONG", StringComparison.Ordinal))
            Assert.IsNotType<PaymentOutcome.Unknown>(await AnsweredAsync(255));

        async Task<PaymentOutcome> AnsweredAsync(int length)
        {
            using var http = new HttpClient(new CannedAnswer(status, Filled(length))) { BaseAddress = new Uri("http://psp.test") };
            return (await new PspClient(http).CallAsync(request, CancellationToken.None, TestContext.Current.CancellationToken)).Result.Outcome;
        }
    }

    [Fact]
    public async Task A_provider_that_is_gone_is_unknown()
    {
        await using var psp = await PspHost.StartAsync();
        using var gateway = Gateway(psp);
        await psp.StopAsync();

        Assert.Equal(new PaymentOutcome.Unknown("network"), await ExecuteAsync(gateway, Authorize(1)));
        Assert.Equal(new PaymentOutcome.Unknown("network"), await ExecuteAsync(gateway, Authorize(1) with { Attempt = 2 }));
    }

    [Fact]
    public void Options_outside_of_their_range_are_refused()
    {
        var address = new Uri("http://127.0.0.1:1/");
        Assert.Throws<ArgumentException>(() => new HttpPaymentGatewayOptions { BaseAddress = new Uri("ftp://127.0.0.1/") });
        Assert.Throws<ArgumentException>(() => new HttpPaymentGatewayOptions { BaseAddress = new Uri("/v1", UriKind.Relative) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpPaymentGatewayOptions { BaseAddress = address, CallTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpPaymentGatewayOptions { BaseAddress = address, TurnTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpPaymentGatewayOptions { BaseAddress = address, MaxConcurrentCalls = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpPaymentGatewayOptions { BaseAddress = address, MaxWaitingCalls = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpPaymentGatewayOptions { BaseAddress = address, BreakDuration = TimeSpan.FromDays(1) });
    }

    private sealed class CannedAnswer(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
    }

    // Longer than the default, for a slow machine: a test that means a time-out asks for one.
    private static HttpPaymentGateway Gateway(
        PspHost psp, Func<HttpPaymentGatewayOptions, HttpPaymentGatewayOptions>? adjust = null, TimeProvider? time = null)
    {
        var options = new HttpPaymentGatewayOptions { BaseAddress = psp.Address, CallTimeout = TimeSpan.FromSeconds(60) };
        return new HttpPaymentGateway(adjust?.Invoke(options) ?? options, time ?? TimeProvider.System, NullLogger<HttpPaymentGateway>.Instance);
    }

    private static PaymentRequest Authorize(int number) =>
        new(PaymentOperation.Authorize, "sim", Order, number, 500, "EUR", "tok_visa", null, 1);

    private static PaymentRequest FollowUp(PaymentOperation operation, string authorization) =>
        new(operation, "sim", Order, 1, 500, "EUR", null, authorization, 1);

    private static Task<PaymentOutcome> ExecuteAsync(HttpPaymentGateway gateway, PaymentRequest request) =>
        gateway.ExecuteAsync(request, CancellationToken.None).AsTask();

    private static string Reference(PaymentOutcome outcome) => Assert.IsType<PaymentOutcome.Succeeded>(outcome).Reference;
}
