using System.Diagnostics;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Rendering;

/// <summary>An order's money in double entry, with the balance of every account.</summary>
internal static class LedgerJson
{
    public static void Write(Utf8JsonWriter w, (Order Order, List<LedgerEntry> Entries) ledger)
    {
        w.WriteStartObject();
        w.WriteString("currency"u8, ledger.Order.Placement.Currency.Code);
        w.WriteStartArray("data"u8);
        foreach (var entry in ledger.Entries)
        {
            w.WriteStartObject();
            w.WriteNumber("version"u8, entry.Version);
            w.WriteTime("at"u8, entry.AtUnixMs);
            w.WriteString("kind"u8, OrderNames.Of(entry.Kind));
            w.WriteString("reference"u8, entry.Reference);
            WritePostings(w, "postings"u8, entry.Postings);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        WritePostings(w, "balances"u8, ledger.Entries.SelectMany(e => e.Postings).GroupBy(p => p.Account)
            .OrderBy(g => g.Key).Select(g => new LedgerPosting(g.Key, g.Sum(p => p.AmountMinor))));
        w.WriteEndObject();
    }

    private static void WritePostings(Utf8JsonWriter w, ReadOnlySpan<byte> name, IEnumerable<LedgerPosting> postings)
    {
        w.WriteStartArray(name);
        foreach (var posting in postings)
        {
            w.WriteStartObject();
            w.WriteString("account"u8, Name(posting.Account));
            w.WriteNumber("amount"u8, posting.AmountMinor);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static string Name(LedgerAccount account) => account switch
    {
        LedgerAccount.PspReceivable => "psp_receivable",
        LedgerAccount.Sales => "sales",
        LedgerAccount.Refunds => "refunds",
        LedgerAccount.AuthorizationHeld => "authorization_held",
        LedgerAccount.AuthorizationPromised => "authorization_promised",
        _ => throw new UnreachableException(),
    };
}
