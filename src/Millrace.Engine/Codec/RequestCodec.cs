using System.Diagnostics;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Codec;

/// <summary>Requests of the edge as bytes, for a partition on another node. Never stored.</summary>
public static class RequestCodec
{
    public static void Write(PayloadWriter w, PartitionRequest request)
    {
        switch (request)
        {
            case PartitionRequest.PlaceOrder r:
                w.Byte(1); w.Id(r.Id); WriteActor(w, r.Actor); PlacementCodec.Write(w, r.Placement);
                break;
            case PartitionRequest.ChangeOrder r:
                w.Byte(2); w.Id(r.Id); w.OptionalText(r.Tenant?.Value); WriteActor(w, r.Actor);
                w.Bool(r.Key is not null);
                if (r.Key is { } key)
                {
                    w.Hash(key.KeyHash);
                    w.Hash(key.PayloadHash);
                }

                w.OptionalSigned(r.ExpectedVersion);
                WriteCommand(w, r.Command);
                break;
            case PartitionRequest.ReadOrder r: w.Byte(3); w.Id(r.Id); w.OptionalText(r.Tenant?.Value); break;
            case PartitionRequest.AwaitSettled r: w.Byte(4); w.Id(r.Id); w.OptionalText(r.Tenant?.Value); w.Signed(r.UntilUnixMs); break;
            case PartitionRequest.ChangeStock r:
                // A node of a version that knows no conditions refuses what it cannot read: it changes nothing without looking.
                w.Byte(r.IsConditional ? (byte)7 : (byte)5);
                if (r.IsConditional)
                {
                    w.OptionalSigned(r.ExpectedVersion);
                    w.OptionalSigned(r.MustExist is { } must ? (must ? 1 : 0) : null);
                }

                w.Text(r.Sku);
                w.Bool(r.KeyHash is not null);
                if (r.KeyHash is { } hash)
                    w.Hash(hash);
                WriteStock(w, r.Command);
                break;
            case PartitionRequest.ReadItem r: w.Byte(6); w.Text(r.Tenant.Value); w.Text(r.Sku); break;
            default: throw new UnreachableException();
        }
    }

    public static PartitionRequest Read(ref PayloadReader r)
    {
        switch (r.Byte())
        {
            case 1:
                var (id, actor) = (r.Id(), ReadActor(ref r));
                return new PartitionRequest.PlaceOrder(id, PlacementCodec.Read(ref r), actor);
            case 2:
                var (order, tenant, changer) = (r.Id(), ReadTenant(ref r), ReadActor(ref r));
                ChangeKey? key = r.Bool() ? new ChangeKey(r.Hash(), r.Hash()) : null;
                var version = r.OptionalSigned();
                return new PartitionRequest.ChangeOrder(order, tenant, ReadCommand(ref r), changer, key, (int?)version);
            case 3: return new PartitionRequest.ReadOrder(r.Id(), ReadTenant(ref r));
            case 4: return new PartitionRequest.AwaitSettled(r.Id(), ReadTenant(ref r), r.Signed());
            case 5: return ReadChangeStock(ref r, null, null);
            case 6: return new PartitionRequest.ReadItem(r.Tenant(), r.Code());
            case 7: return ReadChangeStock(ref r, r.OptionalSigned(), r.OptionalSigned() is { } must ? must != 0 : null);
            case var tag: throw new PayloadException($"request {tag} is unknown");
        }
    }

    private static PartitionRequest.ChangeStock ReadChangeStock(ref PayloadReader r, long? expected, bool? mustExist)
    {
        var sku = r.Code();
        UInt128? hash = r.Bool() ? r.Hash() : null;
        return new PartitionRequest.ChangeStock(ReadStock(ref r), sku, hash, expected, mustExist);
    }

    private static void WriteActor(PayloadWriter w, Actor actor)
    {
        w.Byte((byte)actor.Kind);
        w.OptionalText(actor.Name);
    }

    private static Actor ReadActor(ref PayloadReader r) => new((ActorKind)r.Byte(), r.OptionalText());

    private static TenantId? ReadTenant(ref PayloadReader r) => r.Bool() ? r.Tenant() : null;

    // Those that the edge may send; what partitions tell each other are messages.
    private static void WriteCommand(PayloadWriter w, OrderCommand command)
    {
        switch (command)
        {
            case OrderCommand.Cancel c: w.Byte(1); w.OptionalText(c.Reason); break;
            case OrderCommand.PlaceHold c: w.Byte(2); w.Text(c.HoldId); w.Text(c.Kind); w.OptionalText(c.Reason); w.OptionalSigned(c.ExpiresAtUnixMs); break;
            case OrderCommand.ReleaseHold c: w.Byte(3); w.Text(c.HoldId); break;
            case OrderCommand.Ship c: w.Byte(4); w.OptionalText(c.Carrier); w.OptionalText(c.Tracking); break;
            case OrderCommand.Deliver: w.Byte(5); break;
            case OrderCommand.Refund c: w.Byte(6); w.OptionalSigned(c.AmountMinor); w.OptionalText(c.Reason); break;
            case OrderCommand.Resume c: w.Byte(7); w.OptionalText(c.Reason); break;
            case OrderCommand.PaymentSucceeded c: w.Byte(8); w.Byte((byte)c.Step); w.Int(c.Number); w.Text(c.Reference); break;
            case OrderCommand.PaymentDeclined c: w.Byte(9); w.Byte((byte)c.Step); w.Int(c.Number); w.Text(c.Code); w.Bool(c.IsSoft); break;
            default: throw new UnreachableException();
        }
    }

    private static OrderCommand ReadCommand(ref PayloadReader r) => r.Byte() switch
    {
        1 => new OrderCommand.Cancel(r.OptionalText()),
        2 => new OrderCommand.PlaceHold(r.Text(), r.Text(), r.OptionalText(), r.OptionalSigned()),
        3 => new OrderCommand.ReleaseHold(r.Text()),
        4 => new OrderCommand.Ship(r.OptionalText(), r.OptionalText()),
        5 => new OrderCommand.Deliver(),
        6 => new OrderCommand.Refund(r.OptionalSigned(), r.OptionalText()),
        7 => new OrderCommand.Resume(r.OptionalText()),
        8 => new OrderCommand.PaymentSucceeded((PaymentStep)r.Byte(), r.Int(), r.Text()),
        9 => new OrderCommand.PaymentDeclined((PaymentStep)r.Byte(), r.Int(), r.Text(), r.Bool()),
        var tag => throw new PayloadException($"command {tag} is unknown"),
    };

    private static void WriteStock(PayloadWriter w, StockCommand command)
    {
        switch (command)
        {
            case StockCommand.DefineItem c:
                w.Byte(1); w.Text(c.Tenant.Value); w.Text(c.Sku); w.Text(c.Name); w.Signed(c.PriceMinor); w.Text(c.CurrencyCode); w.Signed(c.BackorderLimit);
                break;
            case StockCommand.Adjust c:
                w.Byte(2); w.Text(c.Tenant.Value); w.Text(c.Sku); w.Text(c.Location); w.Signed(c.Delta); w.Text(c.Reason); w.Hash(c.KeyHash);
                break;
            default: throw new UnreachableException();
        }
    }

    private static StockCommand ReadStock(ref PayloadReader r) => r.Byte() switch
    {
        1 => new StockCommand.DefineItem(r.Tenant(), r.Code(), r.Text(), r.Signed(), r.Code(), r.Signed()),
        2 => new StockCommand.Adjust(r.Tenant(), r.Code(), r.Code(), r.Signed(), r.Text(), r.Hash()),
        var tag => throw new PayloadException($"stock command {tag} is unknown"),
    };
}
