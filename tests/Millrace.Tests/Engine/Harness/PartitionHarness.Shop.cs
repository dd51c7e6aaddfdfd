using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>What a merchant asks for.</summary>
internal sealed partial class PartitionHarness
{
    private ulong _ids;

    /// <summary>Sends a placement as the edge does: a new id each time, in the partition of the key.</summary>
    public RecordingSink Place(OrderPlacement placement, out OrderId id)
    {
        var partition = Map.OwnerOfName(placement.KeyHash);
        id = OrderId.Create(NowMs, partition, ++_ids);
        return Send(partition, new PartitionRequest.PlaceOrder(id, placement, Given.Shop));
    }

    public RecordingSink Place(OrderPlacement placement) => Place(placement, out _);

    /// <summary>Places and runs until nothing happens without time passing.</summary>
    public OrderId Placed(OrderPlacement? placement = null)
    {
        var reply = Place(placement ?? Given.Placement(), out var id);
        Pump();
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
        return id;
    }

    public RecordingSink Change(OrderId id, OrderCommand command, ChangeKey? key = null, TenantId? tenant = null, int? version = null) =>
        Send(id.Partition, new PartitionRequest.ChangeOrder(id, tenant, command, Given.Shop, key, version));

    public PartitionReply Changed(OrderId id, OrderCommand command, ChangeKey? key = null)
    {
        var sink = Change(id, command, key);
        Pump();
        return sink.Reply!;
    }

    public PartitionReply Read(OrderId id, TenantId? tenant = null)
    {
        var sink = Send(id.Partition, new PartitionRequest.ReadOrder(id, tenant));
        Pump();
        return sink.Reply!;
    }

    public Order OrderOf(OrderId id) => Read(id).Order ?? throw new InvalidOperationException($"{id} is not there.");

    public string[] History(OrderId id) => [.. OrderDocument.Read(Read(id).Document).Select(e => e.Fact.GetType().Name)];

    public RecordingSink Stock(StockCommand command, string sku, UInt128? key = null) =>
        Send(Map.OwnerOfSku(command.Tenant, sku), new PartitionRequest.ChangeStock(command, sku, key));

    public PartitionHarness WithItem(string sku = "tea", long onHand = 100, long backorderLimit = 0)
    {
        Stock(new StockCommand.DefineItem(Given.Acme, sku, sku, 1_000, "EUR", backorderLimit), sku);
        if (onHand > 0)
            Stock(new StockCommand.Adjust(Given.Acme, sku, "main", onHand, "receipt", NameHash.ChangeKey(Given.Acme, "stock", sku)), sku);
        Pump();
        return this;
    }

    public StockItem ItemOf(string sku = "tea")
    {
        var sink = Send(Map.OwnerOfSku(Given.Acme, sku), new PartitionRequest.ReadItem(Given.Acme, sku));
        Pump();
        return sink.Reply!.Item!;
    }
}
