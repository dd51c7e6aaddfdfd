using Millrace.Client;
using Millrace.Client.Orders;
using Xunit;

namespace Millrace.Tests.Client;

public sealed class OptionsTests
{
    private static readonly MillraceClientOptions Good = new() { BaseAddress = new Uri("http://test") };

    public static TheoryData<TimeSpan> NoTimeouts => [TimeSpan.Zero, Timeout.InfiniteTimeSpan, TimeSpan.FromDays(1) + TimeSpan.FromTicks(1), TimeSpan.FromDays(50), TimeSpan.MaxValue];

    [Theory]
    [MemberData(nameof(NoTimeouts))]
    public void A_time_out_is_longer_than_nothing_and_not_longer_than_a_day(TimeSpan timeout)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CallOptions { Timeout = timeout });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MillraceClient(Good with { Timeout = timeout }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MillraceClient(Good with { AttemptTimeout = timeout }));
    }

    [Fact]
    public async Task Nor_is_an_order_waited_for_longer()
    {
        using var client = new MillraceClient(Good);
        var order = new NewOrder { Customer = new NewCustomer("c"), Currency = "EUR", Lines = [new NewOrderLine("A", 1)], Payment = new NewPayment("tok_visa") };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => client.Orders.PlaceAsync(order, TimeSpan.MaxValue));
    }

    [Fact]
    public void None_of_its_own_and_a_day_are_good()
    {
        Assert.Null(new CallOptions { Timeout = null }.Timeout);
        var day = TimeSpan.FromDays(1);
        Assert.Equal(day, new CallOptions { Timeout = day }.Timeout);
        new MillraceClient(Good with { Timeout = day, AttemptTimeout = day }).Dispose();
    }
}
