using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class ChangeOrderTests
{
    private static readonly OrderCommand Hold = new OrderCommand.PlaceHold("h1", "fraud", null, null);

    [Fact]
    public void Repeating_a_change_with_the_same_key_returns_the_first_outcome()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        var first = shop.Changed(id, Hold, Given.Key("a"));
        shop.Changed(id, new OrderCommand.ReleaseHold("h1"), Given.Key("b"));
        var repeat = shop.Changed(id, Hold, Given.Key("a"));

        Assert.Equal((ReplyStatus.Accepted, ReplyStatus.Replayed), (first.Status, repeat.Status));
        Assert.Equal((first.Order!.Version, 1), (repeat.Order!.Version, repeat.Order.Holds.Length));
        Assert.Empty(shop.OrderOf(id).Holds);
    }

    [Fact]
    public void A_repeated_change_shows_all_of_its_decision_after_a_crash_too()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        var first = shop.Changed(id, new OrderCommand.Cancel(null), Given.Key("a"));
        shop.Crash(0);
        shop.Pump();
        var repeat = shop.Changed(id, new OrderCommand.Cancel(null), Given.Key("a"));
        Assert.Equal((ReplyStatus.Replayed, first.Order!.Version), (repeat.Status, repeat.Order!.Version));
        Assert.Equal(OrderStatus.Canceled, shop.OrderOf(id).Status);
    }

    [Fact]
    public void A_change_key_with_another_payload_is_refused()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        shop.Changed(id, Hold, Given.Key("a", payload: 1));
        Assert.Equal(ReplyStatus.KeyReused, shop.Changed(id, Hold, Given.Key("a", payload: 2)).Status);
    }

    [Fact]
    public void Another_version_than_expected_is_refused_but_a_repeat_is_not()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        var version = shop.OrderOf(id).Version;
        var stale = shop.Change(id, Hold, version: version - 1);
        var fresh = shop.Change(id, Hold, Given.Key("a"), version: version);
        shop.Pump();
        var repeat = shop.Change(id, Hold, Given.Key("a"), version: version);

        Assert.Equal((ReplyStatus.VersionMismatch, version), (stale.Status, stale.Reply!.Order!.Version));
        Assert.Equal((ReplyStatus.Accepted, ReplyStatus.Replayed), (fresh.Status, repeat.Status));
    }

    [Fact]
    public void No_request_sees_the_order_of_another_merchant()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        Assert.Equal(ReplyStatus.NotFound, shop.Read(id, Given.Other).Status);
        Assert.Equal(ReplyStatus.NotFound, shop.Change(id, Hold, tenant: Given.Other).Status);
        Assert.Equal(ReplyStatus.Accepted, shop.Read(id, Given.Acme).Status);
        Assert.Null(shop.Read(id, Given.Other).Order);

        var theirs = shop.Place(Given.Placement() with { Tenant = Given.Other });
        Assert.Equal(ReplyStatus.KeyReused, theirs.Status);
    }

    [Fact]
    public void A_change_without_effect_says_so_and_a_refused_one_names_its_code()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        shop.Changed(id, Hold);
        Assert.Equal(ReplyStatus.Unchanged, shop.Changed(id, Hold).Status);
        Assert.Equal((ReplyStatus.Rejected, "hold_not_found"), (shop.Changed(id, new OrderCommand.ReleaseHold("x")).Status, shop.Changed(id, new OrderCommand.ReleaseHold("x")).Code));
    }

    [Fact]
    public void A_read_shows_the_whole_history_and_it_folds_to_the_order()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        var read = shop.Read(id);
        Assert.Equal(Describe.Text(read.Order!), Describe.Text(OrderDocument.Fold(id, read.Document)!));
        Assert.Equal(
            ["Placed", "ReservationRequested", "StockReserved", "PaymentRequested", "PaymentSucceeded", "StockMoveRequested", "Confirmed"],
            shop.History(id));
    }
}
