using Millrace.Api.Json;
using Millrace.Domain.Money;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Place;

/// <summary>The body of <c>POST /v1/orders</c>. Whatever is wrong is noted in the reader; the draft is then not to be used.</summary>
internal static class PlaceParser
{
    public const int MaxMetadata = 50;
    private const int MaxMetadataName = 40;
    private const int MaxMetadataValue = 500;

    // No sum of a full order's lines can leave 64 bits: that is checked when it is summed.
    public const long MaxAmount = 1_000_000_000_000_000;
    private const int MaxReservationTtlSeconds = 7 * 24 * 3600;
    private const int MaxId = 64;
    private const int MaxText = 200;

    private static readonly FieldSet OrderFields = new("lines", "payment", "customer", "currency", "external_id", "expected_total",
        "shipping", "addresses", "options", "metadata");

    private static readonly FieldSet CustomerFields = new("id", "name", "email");
    private static readonly FieldSet ShippingFields = new("amount");
    private static readonly FieldSet PaymentFields = new("token", "psp");
    private static readonly FieldSet OptionFields = new("allow_backorder", "allow_split", "reservation_ttl_s");
    private static readonly FieldSet AddressesFields = new("shipping");
    private static readonly FieldSet AddressFields = new("name", "line1", "line2", "city", "region", "postal_code", "country");

    public static PlaceDraft Parse(ref StrictJson json, string onlyPsp)
    {
        var draft = new PlaceDraft();
        var seen = 0ul;
        if (!json.Object())
            return draft;
        while (json.Field(OrderFields, ref seen) is { } field)
        {
            switch (field)
            {
                case "lines": LineParser.Parse(ref json, draft.Lines); break;
                case "payment": draft.Payment = Payment(ref json, onlyPsp); break;
                case "customer": draft.Buyer = Customer(ref json); break;
                case "currency": draft.Currency = CurrencyCode(ref json); break;
                case "external_id": draft.ExternalId = json.Text(MaxId, TextRule.Id); break;
                case "expected_total": draft.ExpectedTotalMinor = Amount(ref json); break;
                case "shipping": draft.ShippingMinor = Shipping(ref json); break;
                case "addresses": draft.ShipTo = Addresses(ref json); break;
                case "options": draft.Options = Options(ref json); break;
                default: draft.Metadata = Metadata(ref json); break;
            }
        }

        json.Require(seen, OrderFields, 4);
        return draft;
    }

    public static long Amount(ref StrictJson json) => json.Whole(0, MaxAmount);

    public static Currency? CurrencyCode(ref StrictJson json)
    {
        if (json.Text(3, TextRule.Code) is not { } code)
            return null;
        if (Currency.TryGet(code, out var currency))
            return currency;
        json.Fault("invalid_format", "An ISO 4217 code in upper case is expected.");
        return null;
    }

    private static Buyer? Customer(ref StrictJson json)
    {
        string? id = null, name = null, email = null;
        var seen = 0ul;
        if (!json.Object())
            return null;
        while (json.Field(CustomerFields, ref seen) is { } field)
        {
            switch (field)
            {
                case "id": id = json.Text(MaxId, TextRule.Id); break;
                case "name": name = json.Text(MaxText, TextRule.Free); break;
                default: email = json.Text(254, TextRule.Id); break;
            }
        }

        json.Require(seen, CustomerFields, 1);
        return new Buyer(id, name, email);
    }

    private static PaymentMethod? Payment(ref StrictJson json, string onlyPsp)
    {
        string? token = null;
        var seen = 0ul;
        if (!json.Object())
            return null;
        while (json.Field(PaymentFields, ref seen) is { } field)
        {
            if (field == "token")
                token = json.Text(255, TextRule.Free);
            else if (json.Text(32, TextRule.Code) is { } psp && psp != onlyPsp)
                // It would be charged at the only one all the same, and whoever pauses that would not pause this.
                json.Fault("unknown_psp", $"This server has one provider, '{onlyPsp}'.");
        }

        json.Require(seen, PaymentFields, 1);
        return token is null ? null : new PaymentMethod(onlyPsp, token);
    }

    private static long Shipping(ref StrictJson json)
    {
        var amount = 0L;
        var seen = 0ul;
        if (!json.Object())
            return 0;
        while (json.Field(ShippingFields, ref seen) is not null)
            amount = Amount(ref json);
        json.Require(seen, ShippingFields, 1);
        return amount;
    }

    private static PlacementOptions Options(ref StrictJson json)
    {
        var options = PlacementOptions.Default;
        var seen = 0ul;
        if (!json.Object())
            return options;
        while (json.Field(OptionFields, ref seen) is { } field)
        {
            options = field switch
            {
                "allow_backorder" => options with { AllowBackorder = json.Boolean() },
                "allow_split" => options with { AllowSplit = json.Boolean() },
                _ => options with { ReservationTtlMs = json.Whole(1, MaxReservationTtlSeconds) * 1000 },
            };
        }

        return options;
    }

    private static Address? Addresses(ref StrictJson json)
    {
        Address? shipTo = null;
        var seen = 0ul;
        if (!json.Object())
            return null;
        while (json.Field(AddressesFields, ref seen) is not null)
            shipTo = ShipTo(ref json);
        return shipTo;
    }

    private static Address? ShipTo(ref StrictJson json)
    {
        var address = new Address(null, null, null, null, null, null, null);
        var seen = 0ul;
        if (!json.Object())
            return null;
        while (json.Field(AddressFields, ref seen) is { } field)
        {
            var text = field == "country" ? Country(ref json) : json.Text(MaxText, TextRule.Free);
            address = field switch
            {
                "name" => address with { Name = text },
                "line1" => address with { Line1 = text },
                "line2" => address with { Line2 = text },
                "city" => address with { City = text },
                "region" => address with { Region = text },
                "postal_code" => address with { PostalCode = text },
                _ => address with { Country = text },
            };
        }

        return address;
    }

    private static string? Country(ref StrictJson json)
    {
        var code = json.Text(2, TextRule.Code);
        if (code is null || (code.Length == 2 && char.IsAsciiLetterUpper(code[0]) && char.IsAsciiLetterUpper(code[1])))
            return code;
        json.Fault("invalid_format", "Two upper-case letters of ISO 3166-1 are expected.");
        return null;
    }

    private static KeyValuePair<string, string>[] Metadata(ref StrictJson json)
    {
        if (!json.Object())
            return [];
        var pairs = new List<KeyValuePair<string, string>>();
        while (json.AnyField() is { } name)
        {
            if (name.Length is 0 or > MaxMetadataName)
                json.Fault("too_long", $"A name has 1 to {MaxMetadataName} characters.");
            else if (name.AsSpan().ContainsAnyInRange('\0', '\x1F') || name.Contains('\uFFFD', StringComparison.Ordinal))
                json.Fault("invalid_format", "The name holds what is not text.");
            else if (CardNumber.IsIn(name))
                json.Fault("card_number_refused", "The name holds what looks like a card number.");
            else if (pairs.Exists(pair => pair.Key == name))
                json.Fault("duplicate_field", "The field is given twice.");
            else if (pairs.Count < MaxMetadata && json.Text(MaxMetadataValue, TextRule.Free) is { } value)
                pairs.Add(new(name, value));
            else if (pairs.Count == MaxMetadata)
                json.Fault("too_many", $"At most {MaxMetadata} entries are accepted.");
            json.Skip();
        }

        return [.. pairs];
    }
}
