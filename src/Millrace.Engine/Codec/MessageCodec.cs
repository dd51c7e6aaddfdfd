using System.Diagnostics;
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
            case PartitionMessage.ToOrder m:
                w.Byte(AnswerCodec.Tag(m.Command)); w.Id(m.Order); AnswerCodec.Write(w, m.Command);
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
            case 7: return new PartitionMessage.ClaimName(r.Hash(), r.Id());
            case var tag: return new PartitionMessage.ToOrder(r.Id(), AnswerCodec.Read(tag, ref r));
        }
    }
}
