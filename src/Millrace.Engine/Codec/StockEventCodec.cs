using System.Diagnostics;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Codec;

public static class StockEventCodec
{
    public static void Write(PayloadWriter w, StockEvent fact)
    {
        w.Byte(EventNames.StockTag(fact));
        w.Text(fact.Tenant.Value);
        switch (fact)
        {
            case StockEvent.ItemDefined e:
                w.Text(e.Sku); w.Text(e.Name); w.Signed(e.PriceMinor); w.Text(e.CurrencyCode); w.Signed(e.BackorderLimit);
                break;
            case StockEvent.Adjusted e:
                w.Text(e.Sku); w.Text(e.Location); w.Signed(e.Delta); w.Text(e.Reason); w.Hash(e.KeyHash);
                break;
            case StockEvent.Reserved e: w.Id(e.Order); w.Int(e.Part); WriteTakes(w, e.Takes); break;
            case StockEvent.ReservationRefused e: w.Id(e.Order); w.Int(e.Part); w.Text(e.Code); w.Text(e.Sku); break;
            case StockEvent.Moved e:
                w.Id(e.Order); w.Int(e.Part); w.Byte((byte)e.Step); w.Bool(e.WasAllocated); WriteTakes(w, e.Takes);
                break;
            default: throw new UnreachableException();
        }
    }

    public static StockEvent Read(ref PayloadReader r)
    {
        var tag = r.Byte();
        var tenant = r.Tenant();
        return tag switch
        {
            1 => new StockEvent.ItemDefined(tenant, r.Code(), r.Text(), r.Signed(), r.Code(), r.Signed()),
            2 => new StockEvent.Adjusted(tenant, r.Code(), r.Code(), r.Signed(), r.Text(), r.Hash()),
            3 => new StockEvent.Reserved(tenant, r.Id(), r.Int(), ReadTakes(ref r)),
            4 => new StockEvent.ReservationRefused(tenant, r.Id(), r.Int(), r.Code(), r.Code()),
            5 => new StockEvent.Moved(tenant, r.Id(), r.Int(), ReadStep(ref r), r.Bool(), ReadTakes(ref r)),
            _ => throw new PayloadException($"stock event {tag} is unknown"),
        };
    }

    public static void WriteItem(PayloadWriter w, StockItem item)
    {
        w.Text(item.Name);
        w.Signed(item.PriceMinor);
        w.Text(item.CurrencyCode);
        w.Signed(item.BackorderLimit);
        w.Signed(item.Version);
        w.Int(item.Levels.Length);
        foreach (var level in item.Levels)
        {
            w.Text(level.Location);
            w.Signed(level.OnHand);
            w.Signed(level.Reserved);
            w.Signed(level.Allocated);
        }
    }

    public static StockItem ReadItem(Domain.Identity.TenantId tenant, string sku, ReadOnlySpan<byte> source)
    {
        var r = new PayloadReader(source);
        var (name, price, currency, backorder, version) = (r.Text(), r.Signed(), r.Text(), r.Signed(), r.Signed());
        var levels = new StockLevel[r.Count()];
        for (var i = 0; i < levels.Length; i++)
            levels[i] = new StockLevel(r.Code(), r.Signed(), r.Signed(), r.Signed());
        return new StockItem(tenant, sku, name, price, currency, backorder, levels, version);
    }

    public static void WriteTakes(PayloadWriter w, StockTake[] takes)
    {
        w.Int(takes.Length);
        foreach (var take in takes)
        {
            w.Text(take.Sku);
            w.Text(take.Location);
            w.Int(take.Quantity);
        }
    }

    public static StockTake[] ReadTakes(ref PayloadReader r)
    {
        var takes = new StockTake[r.Count()];
        for (var i = 0; i < takes.Length; i++)
            takes[i] = new StockTake(r.Code(), r.Code(), r.Int());
        return takes;
    }

    public static StockStep ReadStep(ref PayloadReader r) => r.Byte() switch
    {
        var b and >= 1 and <= 4 => (StockStep)b,
        var b => throw new PayloadException($"stock step {b} is unknown"),
    };
}
