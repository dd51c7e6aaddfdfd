using Millrace.Domain.Identity;
using Millrace.Domain.Money;
using Millrace.Domain.Orders;

namespace Millrace.Tests.Domain;

/// <summary>The shop that the tests of domain and engine share.</summary>
internal static class Given
{
    public const long NowMs = 1_700_000_000_000;
    public static readonly TenantId Acme = TenantId.Parse("acme");
    public static readonly TenantId Other = TenantId.Parse("other");
    public static readonly Actor Shop = new(ActorKind.ApiKey, "key_1");

    public static LineItem Line(string sku = "tea", int quantity = 1, long priceMinor = 1_000) => new(sku, quantity, priceMinor, [], []);

    public static OrderPlacement Placement(params LineItem[] lines) => Keyed("k1", lines);

    public static OrderPlacement Keyed(string key, params LineItem[] lines)
    {
        LineItem[] all = lines.Length == 0 ? [Line()] : lines;
        var isComputed = OrderTotal.TryCompute(all, 0, out var total);
        return new OrderPlacement(
            Acme, NameHash.PlaceKey(Acme, key), 77, ExternalId: null, new Buyer("c1", "Ada", "ada@example.com"), ShipTo: null,
            Currency.Get("EUR"), all, 0, isComputed ? total : 0, new PaymentMethod("psp", "tok_ok"), PlacementOptions.Default, []);
    }

    public static OrderId Id(int partition = 0, ulong random = 1) => OrderId.Create(NowMs, partition, random);

    public static ChangeKey Key(string key, ulong payload = 1) => new(NameHash.ChangeKey(Acme, "change", key), payload);
}
