using CsCheck;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Codec;

public sealed class RequestCodecTests
{
    private static readonly ChangeKey Key = new(UInt128.MaxValue, 7);

    private static readonly OrderCommand[] Commands =
    [
        new OrderCommand.Cancel(null), new OrderCommand.PlaceHold("h", "fraud", "odd", 5), new OrderCommand.PlaceHold("h", "fraud", null, null),
        new OrderCommand.ReleaseHold("h"), new OrderCommand.Ship("dhl", null), new OrderCommand.Deliver(), new OrderCommand.Refund(null, "late"), new OrderCommand.Refund(5, null),
        new OrderCommand.Resume("mended"), new OrderCommand.PaymentSucceeded(PaymentStep.Capture, 2, "ref"), new OrderCommand.PaymentDeclined(PaymentStep.Authorize, 1, "no_funds", true),
    ];

    private static readonly PartitionRequest[] Requests =
    [
        new PartitionRequest.PlaceOrder(Given.Id(), Given.Placement() with { ExternalId = "W-1" }, Given.Shop),
        .. Commands.Select(command => new PartitionRequest.ChangeOrder(Given.Id(), Given.Acme, command, Given.Shop, Key, 3)),
        new PartitionRequest.ChangeOrder(Given.Id(), null, Commands[0], new Actor(ActorKind.Psp, null), null, null),
        new PartitionRequest.ReadOrder(Given.Id(), Given.Acme), new PartitionRequest.ReadOrder(Given.Id(), null),
        new PartitionRequest.AwaitSettled(Given.Id(), Given.Acme, long.MaxValue),
        new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tee, grün", 1_000, "EUR", 5), "tea", null),
        new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", -7, "count", 9), "tea", 9),
        new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 5), "tea", null, ExpectedVersion: 7),
        new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 5), "tea", null, MustExist: true),
        new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 5), "tea", null, MustExist: false),
        new PartitionRequest.ReadItem(Given.Acme, "tea"),
    ];

    [Fact]
    public void Every_request_arrives_as_it_was_sent()
    {
        foreach (var request in Requests)
        {
            var reader = new PayloadReader(Cases.Written(w => RequestCodec.Write(w, request)));
            Assert.Equal(Describe.Text(request), Describe.Text(RequestCodec.Read(ref reader)));
            Assert.True(reader.IsAtEnd);
        }

        var kinds = typeof(PartitionRequest).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(PartitionRequest)));
        Assert.Empty(kinds.Except(Requests.Select(request => request.GetType())));
    }

    [Fact]
    public void A_reply_shows_the_same_order_where_it_arrives()
    {
        var shop = new PartitionHarness().WithItem();
        var placed = shop.Place(Given.Placement(), out var id);
        shop.Pump();
        shop.Changed(id, new OrderCommand.Ship("dhl", "t1"), Given.Key("s"));
        PartitionReply[] replies =
        [
            placed.Reply!, shop.Read(id), shop.Changed(id, new OrderCommand.Ship("dhl", "t1"), Given.Key("s")), shop.Changed(id, new OrderCommand.Cancel(null), Given.Key("c")),
            new(ReplyStatus.NotFound), PartitionReply.Unavailable("overloaded", "Later."),
            new(ReplyStatus.Accepted, Item: new StockItem(Given.Acme, "tea", "Tee", 1_000, "EUR", 5, [new StockLevel("main", 3, 2, 1)], 4)),
        ];
        Assert.Contains(replies, reply => reply.Status == ReplyStatus.Replayed);
        foreach (var reply in replies)
        {
            var reader = new PayloadReader(Cases.Written(w => ReplyCodec.Write(w, reply)));
            var arrived = ReplyCodec.Read(ref reader);
            Assert.Equal(Describe.Text(reply with { Document = default }), Describe.Text(arrived with { Document = default }));
            Assert.Equal(reply.Document.ToArray(), arrived.Document.ToArray());
        }
    }

    [Fact]
    public void Any_bytes_are_refused_or_read() => Gen.Byte.Array[0, 100].Sample(bytes =>
    {
        try
        {
            var reader = new PayloadReader(bytes);
            if (bytes.Length % 2 == 0)
                RequestCodec.Read(ref reader);
            else
                ReplyCodec.Read(ref reader);
        }
        catch (PayloadException)
        {
            // In good order.
        }
    }, iter: 20_000);
}
