using Millrace.Domain.Money;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Codec;

internal static class PlacementCodec
{
    private const byte HasExternalId = 1;
    private const byte HasAddress = 2;
    private const byte HasOptions = 4;
    private const byte HasMetadata = 8;

    public static void Write(PayloadWriter w, OrderPlacement p)
    {
        w.Text(p.Tenant.Value);
        w.Hash(p.KeyHash);
        w.Hash(p.PayloadHash);
        var hasOptions = p.Options != PlacementOptions.Default;
        w.Byte((byte)((p.ExternalId is null ? 0 : HasExternalId) | (p.ShipTo is null ? 0 : HasAddress)
            | (hasOptions ? HasOptions : 0) | (p.Metadata.Length == 0 ? 0 : HasMetadata)));
        if (p.ExternalId is { } externalId)
            w.Text(externalId);
        w.OptionalText(p.Buyer.CustomerId);
        w.OptionalText(p.Buyer.Name);
        w.OptionalText(p.Buyer.Email);
        if (p.ShipTo is { } address)
            WriteAddress(w, address);
        w.Text(p.Currency.Code);
        w.Int(p.Lines.Length);
        foreach (var line in p.Lines)
        {
            w.Text(line.Sku);
            w.Int(line.Quantity);
            w.Signed(line.UnitPriceMinor);
            WriteAmounts(w, line.Discounts);
            WriteAmounts(w, line.TaxLines);
        }

        w.Signed(p.ShippingMinor);
        w.Signed(p.TotalMinor);
        w.Text(p.Payment.Psp);
        w.Text(p.Payment.Token);
        if (hasOptions)
        {
            w.Bool(p.Options.AllowBackorder);
            w.Bool(p.Options.AllowSplit);
            w.Signed(p.Options.ReservationTtlMs);
        }

        if (p.Metadata.Length > 0)
            WriteMetadata(w, p.Metadata);
    }

    public static OrderPlacement Read(ref PayloadReader r)
    {
        var tenant = r.Tenant();
        var keyHash = r.Hash();
        var payloadHash = r.Hash();
        var flags = r.Byte();
        var externalId = (flags & HasExternalId) != 0 ? r.Text() : null;
        var buyer = new Buyer(r.OptionalText(), r.OptionalText(), r.OptionalText());
        var address = (flags & HasAddress) != 0 ? ReadAddress(ref r) : null;
        if (!Currency.TryGet(r.Code(), out var currency))
            throw new PayloadException("a currency is unknown");
        var lines = new LineItem[r.Count()];
        for (var i = 0; i < lines.Length; i++)
            lines[i] = new LineItem(r.Code(), r.Int(), r.Signed(), ReadAmounts(ref r), ReadAmounts(ref r));
        var shipping = r.Signed();
        var total = r.Signed();
        var payment = new PaymentMethod(r.Code(), r.Text());
        var options = (flags & HasOptions) != 0
            ? new PlacementOptions(r.Bool(), r.Bool(), r.Signed())
            : PlacementOptions.Default;
        var metadata = (flags & HasMetadata) != 0 ? ReadMetadata(ref r) : [];
        return new OrderPlacement(
            tenant, keyHash, payloadHash, externalId, buyer, address, currency, lines, shipping, total, payment, options, metadata);
    }

    private static void WriteAmounts(PayloadWriter w, LineAmount[] amounts)
    {
        w.Int(amounts.Length);
        foreach (var amount in amounts)
        {
            w.Text(amount.Name);
            w.Signed(amount.AmountMinor);
        }
    }

    private static LineAmount[] ReadAmounts(ref PayloadReader r)
    {
        var count = r.Count();
        if (count == 0)
            return [];
        var amounts = new LineAmount[count];
        for (var i = 0; i < count; i++)
            amounts[i] = new LineAmount(r.Code(), r.Signed());
        return amounts;
    }

    private static void WriteAddress(PayloadWriter w, Address a)
    {
        w.OptionalText(a.Name);
        w.OptionalText(a.Line1);
        w.OptionalText(a.Line2);
        w.OptionalText(a.City);
        w.OptionalText(a.Region);
        w.OptionalText(a.PostalCode);
        w.OptionalText(a.Country);
    }

    private static Address ReadAddress(ref PayloadReader r) => new(
        r.OptionalText(), r.OptionalText(), r.OptionalText(), r.OptionalText(), r.OptionalText(), r.OptionalText(), r.OptionalText());

    private static void WriteMetadata(PayloadWriter w, KeyValuePair<string, string>[] metadata)
    {
        w.Int(metadata.Length);
        foreach (var (name, value) in metadata)
        {
            w.Text(name);
            w.Text(value);
        }
    }

    private static KeyValuePair<string, string>[] ReadMetadata(ref PayloadReader r)
    {
        var metadata = new KeyValuePair<string, string>[r.Count()];
        for (var i = 0; i < metadata.Length; i++)
            metadata[i] = new KeyValuePair<string, string>(r.Text(), r.Text());
        return metadata;
    }
}
