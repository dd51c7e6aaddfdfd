using Millrace.Domain.Identity;
using Millrace.Engine.Payments;
using Millrace.Gateways;
using Xunit;

namespace Millrace.Tests.Gateways;

public sealed class InstantPaymentGatewayTests
{
    [Fact]
    public async Task A_key_always_has_the_same_reference_and_another_key_another()
    {
        var gateway = new InstantPaymentGateway();
        var request = new PaymentRequest(
            PaymentOperation.Authorize, "instant", OrderId.Create(1, 0, 0), 1, 500, "EUR", "tok_visa", null, 1);

        var first = await gateway.ExecuteAsync(request, CancellationToken.None);

        Assert.Equal(new PaymentOutcome.Succeeded($"instant:{request.Order}:authorize:1"), first);
        Assert.Equal(first, await gateway.ExecuteAsync(request with { Attempt = 2 }, CancellationToken.None));
        Assert.NotEqual(first, await gateway.ExecuteAsync(request with { Number = 2 }, CancellationToken.None));
    }
}
