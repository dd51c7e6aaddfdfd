using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Api.Orders.Place;

/// <summary>Gives a draft the catalog's prices, and refuses what the catalog or the key's scopes do not allow.</summary>
internal sealed class Pricing(Catalog catalog, PartitionRouter router)
{
    private static readonly Problem Recovering =
        new(ProblemKinds.Unavailable, "Repeat the request, with the same Idempotency-Key, a little later.");

    /// <summary>Items of the draft that other nodes must be asked for first; null for none, as on one node always.</summary>
    public HashSet<string>? Unknown(PlaceDraft draft, TenantId tenant)
    {
        HashSet<string>? unknown = null;
        foreach (var line in draft.Lines)
        {
            if (router.MustAsk(tenant, line.Sku))
                (unknown ??= new HashSet<string>(StringComparer.Ordinal)).Add(line.Sku);
        }

        return unknown;
    }

    /// <returns>Null when <paramref name="placement"/> is good.</returns>
    public Problem? Price(PlaceDraft draft, Caller caller, UInt128 keyHash, UInt128 payloadHash, out OrderPlacement placement)
    {
        placement = null!;
        var lines = new LineItem[draft.Lines.Count];
        List<FieldError>? errors = null;
        Problem? refused = null;
        for (var i = 0; i < lines.Length; i++)
            lines[i] = Line(draft, i, caller, ref errors, ref refused);
        if (errors is not null)
            return Problem.Of(errors);
        if (refused is not null)
            return refused;
        if (!OrderTotal.TryCompute(lines, draft.ShippingMinor, out var total))
            return new Problem(ProblemKinds.InvalidOrder, "A line or the total is negative or too large.");
        if (draft.ExpectedTotalMinor is { } expected && expected != total)
        {
            return new Problem(ProblemKinds.TotalMismatch, $"The total is {total} minor units, not {expected}.")
            {
                ComputedTotalMinor = total,
                Errors = [new FieldError("/expected_total", "total_mismatch", "The computed total differs.")],
            };
        }

        placement = new OrderPlacement(caller.Tenant, keyHash, payloadHash, draft.ExternalId, draft.Buyer!, draft.ShipTo,
            draft.Currency!, lines, draft.ShippingMinor, total, draft.Payment!, draft.Options, draft.Metadata);
        return null;
    }

    private LineItem Line(PlaceDraft draft, int index, Caller caller, ref List<FieldError>? errors, ref Problem? refused)
    {
        var line = draft.Lines[index];
        var price = line.UnitPriceMinor ?? 0;
        if (Find(caller.Tenant, line.Sku, ref refused) is not { } item)
        {
            if (refused != Recovering)
                Add(ref errors, new FieldError($"/lines/{index}/sku", "unknown_sku", "There is no such item."));
        }
        else if (line.UnitPriceMinor is null)
        {
            price = item.PriceMinor;
            if (item.CurrencyCode != draft.Currency!.Code)
                Add(ref errors, new FieldError($"/lines/{index}/sku", "currency_mismatch", $"The item is sold in {item.CurrencyCode}."));
        }
        else if (price != item.PriceMinor || item.CurrencyCode != draft.Currency!.Code)
        {
            RequireOverride(caller, $"/lines/{index}/unit_price", "The price is not the catalog's.", ref refused);
        }

        // The catalog's price, less something, is another.
        if (line.Discounts.Length > 0 && Array.Exists(line.Discounts, discount => discount.AmountMinor > 0))
            RequireOverride(caller, $"/lines/{index}/discounts", "With a discount the price is not the catalog's.", ref refused);
        return new LineItem(line.Sku, line.Quantity, price, line.Discounts, line.TaxLines);
    }

    private static void RequireOverride(Caller caller, string pointer, string why, ref Problem? refused)
    {
        if (!caller.Allows(Scopes.OrdersOverridePrice))
            refused = Access.Lacks(Scopes.OrdersOverridePrice) with { Errors = [new FieldError(pointer, "price_override", why)] };
    }

    // An item of a partition that recovers is not known to be missing: a final refusal would lose the order.
    private StockItem? Find(TenantId tenant, string sku, ref Problem? refused)
    {
        if (router.IsKnown(tenant, sku))
            return catalog.Find(tenant, sku);
        refused = Recovering;
        return null;
    }

    // As many as the parser tells at once.
    private static void Add(ref List<FieldError>? errors, FieldError error)
    {
        errors ??= [];
        if (errors.Count < 20)
            errors.Add(error);
    }
}
