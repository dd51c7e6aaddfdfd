using System.Globalization;
using Millrace.Api.Psp;
using Millrace.Domain.Orders;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>A provider tells of a payment whose answer has not come yet.</summary>
public sealed class PspWebhookTests : IAsyncLifetime
{
    private readonly HeldGateway _gateway = new();
    private readonly ApiServer _server;

    public PspWebhookTests() => _server = new ApiServer { Gateway = _gateway };

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_success_is_booked_only_for_what_the_order_asked_for()
    {
        await _server.StockAsync("SKU", 10);
        var placed = await _server.PostAsync("/v1/orders", Bodies.Order("SKU").ToJsonString(), "key");
        await Eventually.Async(() => Task.FromResult(_gateway.Asked == 1), "the payment is under way");
        var path = "/v1/orders/" + (string)placed["id"]!;
        var before = await _server.SendAsync("GET", path);
        var (total, currency) = ((long)before["total"]!, (string)before["currency"]!);
        Assert.InRange(total, 2, long.MaxValue);

        foreach (var wrong in new PspWebhookResult[]
        {
            Succeeded(PaymentStep.Authorize, total - 1, currency), Succeeded(PaymentStep.Authorize, total, currency == "EUR" ? "GBP" : "EUR"),
            Succeeded(PaymentStep.Authorize, total - 1, currency, "01"), Succeeded(PaymentStep.Capture, total, currency),
            new PspWebhookResult.Declined(Reference("1"), PaymentStep.Refund, "lost_card", false),
        })
        {
            (await HookAsync(wrong)).Problem(409, "unknown_payment");
            Assert.Equal(before.Body, (await _server.SendAsync("GET", path)).Body);
        }

        Assert.Equal(204, (await HookAsync(Succeeded(PaymentStep.Authorize, total, currency))).Status);
        await Eventually.Async(async () => (string)(await _server.SendAsync("GET", path))["status"]! == "confirmed", "the order goes on");
        Assert.Equal(total, (long)(await _server.SendAsync("GET", path))["payment"]!["authorized"]!);

        string Reference(string number) => string.Create(CultureInfo.InvariantCulture, $"{placed["id"]}:authorize:{number}");
        PspWebhookResult.Succeeded Succeeded(PaymentStep step, long amount, string code, string number = "1") => new(Reference(number), step, "op_1", amount, code);
    }

    private Task<ApiAnswer> HookAsync(PspWebhookResult told)
    {
        _server.NextWebhook = told;
        return _server.SendAsync("POST", "/v1/psp/sim/webhooks", "{}", key: "");
    }
}
