using Millrace.Domain.Stock;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class StockKeyTests
{
    private static readonly StockCommand.Adjust Receipt = new(Given.Acme, "tea", "main", 5, "receipt", Given.Key("receipt").KeyHash);

    public static TheoryData<StockCommand.Adjust> Others =>
    [
        Receipt with { Delta = 6 }, Receipt with { Location = "north" }, Receipt with { Reason = "count" }, Receipt with { Delta = -5 },
    ];

    [Theory]
    [MemberData(nameof(Others))]
    public void A_used_key_is_a_repeat_only_for_the_same_adjustment(StockCommand.Adjust other)
    {
        var shop = new PartitionHarness().WithItem();
        Assert.Equal(ReplyStatus.Accepted, Send(shop, Receipt));
        Assert.Equal(ReplyStatus.Replayed, Send(shop, Receipt));
        Assert.Equal(ReplyStatus.KeyReused, Send(shop, other));
        Assert.Equal(105, shop.ItemOf().Levels.Sum(l => l.OnHand));
    }

    [Fact]
    public void So_it_is_when_the_key_is_only_in_the_read_model_and_after_a_restart()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 2, MaxRecentNames = 2, MaxWaiting = 4 }).WithItem();
        Assert.Equal(ReplyStatus.Accepted, Send(shop, Receipt));
        for (var i = 0; i < 20; i++)
            shop.Placed(Given.Keyed($"k{i}"));
        shop.Advance(1_000);
        AssertKnown();
        shop.Crash(0);
        AssertKnown();

        void AssertKnown()
        {
            Assert.Equal(ReplyStatus.Replayed, Send(shop, Receipt));
            Assert.Equal(ReplyStatus.KeyReused, Send(shop, Receipt with { Delta = 6 }));
        }
    }

    [Fact]
    public void A_key_of_a_store_that_did_not_keep_what_was_asked_for_is_a_repeat()
    {
        var name = Millrace.Domain.Identity.OrderId.Create(1, 0, (ulong)Receipt.KeyHash);
        Assert.True(AdjustmentName.IsOf(name, Receipt with { Delta = 6 }));
    }

    private static ReplyStatus Send(PartitionHarness shop, StockCommand.Adjust adjust)
    {
        var sink = shop.Stock(adjust, "tea", adjust.KeyHash);
        shop.Pump();
        return sink.Reply!.Status;
    }
}
