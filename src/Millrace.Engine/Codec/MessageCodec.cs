using System.Diagnostics;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Partitions;

namespace Millrace.Engine.Codec;

/// <summary>Messages between partitions as bytes: in checkpoints, and on the wire between nodes.</summary>
public static class MessageCodec
{
    public static void Write(PayloadWriter w, PartitionMessage message)
    {
        switch (message)
        {
            case PartitionMessage.ToStock { Command: StockCommand.Reserve c }:
                w.Byte(1); w.Text(c.Tenant.Value); w.Id(c.Order); w.Int(c.Part);
                w.Int(c.Demands.Length);
                foreach (var demand in c.Demands)
                {
                    w.Text(demand.Sku);
                    w.Int(demand.Quantity);
                }

                w.Bool(c.AllowBackorder); w.Bool(c.AllowSplit);
                break;
            case PartitionMessage.ToStock { Command: StockCommand.Move c }:
                w.Byte(2); w.Text(c.Tenant.Value); w.Id(c.Order); w.Int(c.Part); w.Byte((byte)c.Step); w.Bool(c.WasAllocated);
                StockEventCodec.WriteTakes(w, c.Takes);
                break;
            case PartitionMessage.ToOrder { Command: OrderCommand.StockReserved c } m:
                w.Byte(3); w.Id(m.Order); w.Int(c.Part); StockEventCodec.WriteTakes(w, c.Takes);
                break;
            case PartitionMessage.ToOrder { Command: OrderCommand.StockRefused c } m:
                w.Byte(4); w.Id(m.Order); w.Int(c.Part); w.Text(c.Code); w.Text(c.Sku);
                break;
            case PartitionMessage.ToOrder { Command: OrderCommand.StockMoved c } m:
                w.Byte(5); w.Id(m.Order); w.Int(c.Part); w.Byte((byte)c.Step);
                break;
            case PartitionMessage.ToOrder { Command: OrderCommand.ExternalIdAnswered c } m:
                w.Byte(6); w.Id(m.Order); w.Bool(c.IsGranted);
                break;
            case PartitionMessage.ClaimName m: w.Byte(7); w.Hash(m.Hash); w.Id(m.Order); break;
            default: throw new UnreachableException();
        }
    }

    public static PartitionMessage Read(ref PayloadReader r)
    {
        switch (r.Byte())
        {
            case 1:
                var (tenant, order, part) = (r.Tenant(), r.Id(), r.Int());
                var demands = new StockDemand[r.Count()];
                for (var i = 0; i < demands.Length; i++)
                    demands[i] = new StockDemand(r.Code(), r.Int());
                return new PartitionMessage.ToStock(new StockCommand.Reserve(tenant, order, part, demands, r.Bool(), r.Bool()));
            case 2:
                return new PartitionMessage.ToStock(new StockCommand.Move(
                    r.Tenant(), r.Id(), r.Int(), StockEventCodec.ReadStep(ref r), r.Bool(), StockEventCodec.ReadTakes(ref r)));
            case 3:
                return new PartitionMessage.ToOrder(r.Id(), new OrderCommand.StockReserved(r.Int(), StockEventCodec.ReadTakes(ref r)));
            case 4: return new PartitionMessage.ToOrder(r.Id(), new OrderCommand.StockRefused(r.Int(), r.Code(), r.Code()));
            case 5: return new PartitionMessage.ToOrder(r.Id(), new OrderCommand.StockMoved(r.Int(), StockEventCodec.ReadStep(ref r)));
            case 6: return new PartitionMessage.ToOrder(r.Id(), new OrderCommand.ExternalIdAnswered(r.Bool()));
            case 7: return new PartitionMessage.ClaimName(r.Hash(), r.Id());
            case var tag: throw new PayloadException($"message {tag} is unknown");
        }
    }
}
